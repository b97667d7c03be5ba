import Astrometry
import FITSIO

/// Versions of the libraries that reductions depend on, for reports.
public enum LinkedSoftware {
  /// Name -> version.
  public static var versions: [String: String] { ["cfitsio": cfitsioVersion(), "wcslib": wcslibVersion()] }
}
