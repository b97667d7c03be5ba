import CCFITSIO

/// The version of the linked CFITSIO, as `4.2.0`.
public func cfitsioVersion() -> String {
  var version: Float = 0
  ffvers(&version)
  // CFITSIO gives major + minor/100 + micro/10000.
  let hundredths = Int((version * 10_000).rounded())
  return "\(hundredths / 10_000).\(hundredths / 100 % 100).\(hundredths % 100)"
}

/// True when CFITSIO was built so that threads may use different files at once.
public func cfitsioIsReentrant() -> Bool { fits_is_reentrant() != 0 }
