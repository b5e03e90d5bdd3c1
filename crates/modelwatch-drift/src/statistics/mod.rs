//! How far two samples are apart: functions of counts on shared bins, or of sorted values, and of nothing else.
