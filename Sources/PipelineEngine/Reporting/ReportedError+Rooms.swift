import Astrometry
import CfgFormat
import DataModels
import FITSIO
import FITSStructure
import JobContract
import Metadata
import Pixels
import References

extension ReportedError {
  /// Any room's error with its five fields; an unknown one with its text.
  public init(_ error: any Error) {
    switch error {
    case let e as EngineError: self.init(e.code, e.message, e.subject, e.hint, e.underlying)
    case let e as FITSError: self.init(e.code, e.message, e.subject, e.hint, e.underlying)
    case let e as FITSStructureError: self.init(e.code, e.message, e.subject, e.hint, e.underlying)
    case let e as ModelError: self.init(e.code, e.message, e.subject, e.hint, e.underlying)
    case let e as AstrometryError: self.init(e.code, e.message, e.subject, e.hint, e.underlying)
    case let e as PixelsError: self.init(e.code, e.message, e.subject, e.hint, e.underlying)
    case let e as MetadataError: self.init(e.code, e.message, e.subject, e.hint, e.underlying)
    case let e as CfgError: self.init(e.code, e.message, e.subject, e.hint, e.underlying)
    case let e as ReferencesError: self.init(e.code, e.message, e.subject, e.hint, e.underlying)
    default: self.init("internal", "\(error)", "tmtrun", nil, nil)
    }
  }

  private init(
    _ code: String, _ message: String, _ subject: String, _ hint: String?, _ underlying: (any Error)?
  ) {
    self.init(
      code: code, message: message, subject: subject, hint: hint, underlying: underlying.map { "\($0)" })
  }
}
