import Astrometry
import FITSIO

/// Versions of the libraries that reductions depend on, for reports, headers and the manifest.
public enum LinkedSoftware {
  /// Name -> version of the libraries that the engine and its models are linked with.
  ///
  /// A room that links another library adds it here, or, where the engine does not know the room, the executable does
  /// with ``adding(_:)``.
  public static var versions: [String: String] { ["cfitsio": cfitsioVersion(), "wcslib": wcslibVersion()] }

  /// ``versions`` with those of rooms that only the executable knows.
  public static func adding(_ others: [String: String]...) -> [String: String] {
    others.reduce(versions) { $0.merging($1) { own, _ in own } }
  }
}
