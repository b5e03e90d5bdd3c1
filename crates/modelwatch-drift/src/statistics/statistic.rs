//! Names the statistics.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// Selects the statistic that measures the distance of a window from the baseline.
///
/// # Example: by its name
///
/// ```
/// use modelwatch_drift::statistics::{Statistic, UnknownStatistic};
///
/// assert_eq!("jensen-shannon".parse(), Ok(Statistic::JensenShannon));
/// assert!(Statistic::Wasserstein.needs_order()); // so it measures numbers, not categories
/// let unknown: UnknownStatistic = "kullback".parse::<Statistic>().unwrap_err();
/// assert!(unknown.to_string().contains("jensen-shannon"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Statistic {
    /// [`psi`](super::psi()), over the baseline's deciles or categories.
    #[default]
    Psi,
    /// [`jensen_shannon`](super::jensen_shannon()), on the same bins.
    JensenShannon,
    /// [`hellinger`](super::hellinger()), on the same bins.
    Hellinger,
    /// [`chi_square`](super::chi_square())'s effect, on the same bins.
    ChiSquare,
    /// [`kolmogorov_smirnov`](super::kolmogorov_smirnov), on the fine bins; for numbers only.
    KolmogorovSmirnov,
    /// [`wasserstein`](super::wasserstein) in the baseline's standard deviations, on the fine bins; for numbers only.
    Wasserstein,
}

impl Statistic {
    /// All statistics.
    pub const ALL: [Self; 6] = [
        Self::Psi,
        Self::JensenShannon,
        Self::Hellinger,
        Self::ChiSquare,
        Self::KolmogorovSmirnov,
        Self::Wasserstein,
    ];

    /// Returns the name in the configuration: `psi`, `jensen-shannon`, `hellinger`, `chi-square`, `kolmogorov-smirnov`,
    /// `wasserstein`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Psi => "psi",
            Self::JensenShannon => "jensen-shannon",
            Self::Hellinger => "hellinger",
            Self::ChiSquare => "chi-square",
            Self::KolmogorovSmirnov => "kolmogorov-smirnov",
            Self::Wasserstein => "wasserstein",
        }
    }

    /// Returns whether the statistic needs values that have an order.
    #[must_use]
    pub fn needs_order(self) -> bool {
        matches!(self, Self::KolmogorovSmirnov | Self::Wasserstein)
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Statistic {
    type Err = UnknownStatistic;

    fn from_str(name: &str) -> Result<Self, UnknownStatistic> {
        Self::ALL
            .into_iter()
            .find(|statistic| statistic.name() == name)
            .ok_or_else(|| UnknownStatistic { name: name.to_owned() })
    }
}

/// Reports a name that no [`Statistic`] has.
///
/// [`Statistic`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownStatistic {
    /// The unknown name.
    pub name: String,
}

impl fmt::Display for UnknownStatistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Statistic::ALL.map(Statistic::name).join(", ");
        write!(f, "unknown statistic {:?}; use one of {names}", self.name)
    }
}

impl Error for UnknownStatistic {}
