import Foundation
import GRDB

/// One row of the catalog that `query` shows: a raw file or a product.
public struct FrameRecord: Sendable, Codable, Equatable, FetchableRecord {
  /// Whether a frame came in or was made here.
  public enum Origin: String, Codable, Sendable { case raw, product }

  public var id: Int64
  public var origin: Origin
  /// File name without folders.
  public var name: String
  /// `received classified held quarantined duplicate missing` for files, `current stale superseded missing` for
  /// products.
  public var state: String
  public var reason: String?
  public var degraded: String?
  /// Kind suffix: `ramp`, `rate`, `cal`, `dark` …
  public var kind: String
  public var level: Int?
  public var obstype: String
  public var obsname: String
  public var detector: String?
  public var filter: String?
  public var object: String?
  public var program: String?
  public var observation: String?
  public var night: String?
  /// Start and end of the exposure, seconds since 1970 UTC.
  public var dateObs: Double?
  public var dateEnd: Double?
  /// Seconds.
  public var exptime: Double?
  /// Degrees, ICRS.
  public var ra: Double?
  public var dec: Double?
  public var quality: String
  /// Seconds since 1970 UTC: when the file was closed (as seen), and when the catalog had it.
  public var arrivedAt: Double
  public var recordedAt: Double
  public var sha256: String?
  public var bytes: Int64?
  /// Absolute path, nil when the file is gone from its place.
  public var path: String?

  enum CodingKeys: String, CodingKey {
    case id, origin, name, state, reason, degraded, kind, level, obstype, obsname, detector, filter, object
    case program, observation, night
    case dateObs = "date_obs"
    case dateEnd = "date_end"
    case exptime, ra, dec, quality
    case arrivedAt = "arrived_at"
    case recordedAt = "recorded_at"
    case sha256, bytes, path
  }

  static let select = """
    SELECT f.id, f.origin, f.name, f.state, f.reason, f.degraded, f.kind, f.level, f.obstype, f.obsname,
      f.detector, f.filter, f.object, f.program, f.observation, f.night, f.date_obs, f.date_end, f.exptime,
      f.ra, f.dec, f.quality, f.arrived_at, f.recorded_at, c.sha256, c.bytes, p.path
    FROM frame f LEFT JOIN content c ON c.id = f.content_id LEFT JOIN place p ON p.frame_id = f.id
    """
}
