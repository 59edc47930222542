"""What receivers make of a true path: parametric kinds, resampled recordings, and their calibration."""
