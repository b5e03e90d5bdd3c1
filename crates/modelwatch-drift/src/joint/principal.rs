//! Finds the principal components of a covariance matrix.

/// The maximum number of rotations through all pairs; a dozen are enough for any matrix of doubles.
const SWEEPS: usize = 64;

/// Returns the directions of the largest variance, each of length 1: as few as hold more than `share` of it. `matrix`
/// is symmetric, in row-major order.
pub(super) fn components(matrix: Vec<f64>, size: usize, share: f64) -> Vec<Vec<f64>> {
    let (values, vectors) = eigen(matrix, size);
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|one, other| values[*other].total_cmp(&values[*one]));
    let all: f64 = values.iter().map(|value| value.max(0.0)).sum();
    let mut held = 0.0;
    let mut components = Vec::new();
    for place in order {
        if held > share * all {
            break;
        }
        held += values[place].max(0.0);
        components.push((0..size).map(|row| vectors[row * size + place]).collect());
    }
    components
}

/// Returns eigenvalues and, in columns, eigenvectors by Jacobi's rotations: slow for large matrices, exact to the last
/// digits for all.
fn eigen(mut matrix: Vec<f64>, size: usize) -> (Vec<f64>, Vec<f64>) {
    let mut vectors = vec![0.0; size * size];
    (0..size).for_each(|place| vectors[place * size + place] = 1.0);
    let total: f64 = matrix.iter().map(|value| value * value).sum();
    for _ in 0..SWEEPS {
        let beside = (0..size).flat_map(|row| (0..row).map(move |column| (row, column)));
        let left: f64 = beside.map(|(row, column)| matrix[row * size + column].powi(2)).sum();
        if left <= total * f64::EPSILON * f64::EPSILON {
            break;
        }
        for one in 0..size {
            for other in one + 1..size {
                rotate(&mut matrix, &mut vectors, size, one, other);
            }
        }
    }
    ((0..size).map(|place| matrix[place * size + place]).collect(), vectors)
}

/// Rotates two rows and columns so that the element they share becomes zero.
fn rotate(matrix: &mut [f64], vectors: &mut [f64], size: usize, one: usize, other: usize) {
    let beside = matrix[one * size + other];
    if beside == 0.0 {
        return;
    }
    let angle = (matrix[other * size + other] - matrix[one * size + one]) / (2.0 * beside);
    let tangent = angle.signum() / (angle.abs() + angle.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    for row in 0..size {
        let (first, second) = (matrix[row * size + one], matrix[row * size + other]);
        matrix[row * size + one] = cosine * first - sine * second;
        matrix[row * size + other] = sine * first + cosine * second;
    }
    for column in 0..size {
        let (first, second) = (matrix[one * size + column], matrix[other * size + column]);
        matrix[one * size + column] = cosine * first - sine * second;
        matrix[other * size + column] = sine * first + cosine * second;
    }
    for row in 0..size {
        let (first, second) = (vectors[row * size + one], vectors[row * size + other]);
        vectors[row * size + one] = cosine * first - sine * second;
        vectors[row * size + other] = sine * first + cosine * second;
    }
}

#[cfg(test)]
mod tests {
    use super::eigen;

    /// Of a matrix made of known vectors, the product of what was found is the matrix again.
    #[test]
    fn finds_eigenvectors_when_values_repeat_or_vanish() {
        for (size, values) in [
            (1, vec![2.0]),
            (3, vec![5.0, 5.0, 0.0]),
            (4, vec![1e12, 1.0, 1.0, 1e-12]),
        ] {
            let mut matrix = vec![0.0; size * size];
            for (place, value) in values.iter().enumerate() {
                // Reflections of the axes are perpendicular.
                let vector: Vec<f64> = (0..size)
                    .map(|row| f64::from(u8::from(row == place)) - 2.0 / size as f64)
                    .collect();
                for row in 0..size {
                    for column in 0..size {
                        matrix[row * size + column] += value * vector[row] * vector[column];
                    }
                }
            }
            let (found, vectors) = eigen(matrix.clone(), size);
            let largest = values.iter().copied().fold(0.0, f64::max);
            for row in 0..size {
                for column in 0..size {
                    let product: f64 = (0..size)
                        .map(|place| vectors[row * size + place] * found[place] * vectors[column * size + place])
                        .sum();
                    let off = product - matrix[row * size + column];
                    assert!(
                        off.abs() <= 1e-13 * largest,
                        "{product} at {row}, {column} of {matrix:?}"
                    );
                }
            }
        }
    }
}
