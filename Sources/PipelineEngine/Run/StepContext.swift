import FITSIO
import JobContract
import Logging
import Pixels

/// What a step is given besides the frames: its parameters, its references, its log.
public struct StepContext: Sendable {
  public let parameters: ParameterSet
  public let logger: Logger
  private let references: ReferenceShelf
  private let notes: RunNotes
  /// The master in use when a new one is made; nil where there is none, or it is not known.
  public let previousMaster: ResolvedReference?

  package init(
    parameters: ParameterSet, logger: Logger, references: ReferenceShelf, notes: RunNotes,
    previousMaster: ResolvedReference? = nil
  ) {
    self.parameters = parameters
    self.logger = logger
    self.references = references
    self.notes = notes
    self.previousMaster = previousMaster
  }

  /// How the reference of a type was chosen; `.none` origin when the run knows nothing of the type.
  public func resolved(_ type: String) -> ResolvedReference {
    references.resolved(type)
  }

  /// The reference of a type, cut to the window of `frame`, or nil when there is none.
  ///
  /// Logs which file is used, as stpipe does.
  /// - Throws: `EngineError` when the file is unreadable, its window does not hold the frame's, or its unit differs.
  public func reference(_ type: String, for frame: Frame) throws -> ReferenceFrame? {
    let reference = try reference(type, window: frame.window, unit: frame.unit)
    try reference?.checkExtent(for: frame)
    if let reference { tellDifferences(reference, frame) }
    return reference
  }

  /// A reference that a person named may be of another detector or filter: it is taken, and said.
  private func tellDifferences(_ reference: ReferenceFrame, _ frame: Frame) {
    var pairs = [("DETECTOR", reference.metadata.detector, frame.metadata.detector)]
    if reference.type == "flat" { pairs.append(("FILTER", reference.metadata.filter, frame.metadata.filter)) }
    for case (let keyword, let found?, let wanted?) in pairs where found != wanted {
      degrade(
        "the \(reference.type) \(reference.name) is of \(keyword) \(found), \(frame.member.name) of \(wanted)"
      )
    }
  }

  /// The primary header of the reference of a type, for references that may be one number; nil without a reference.
  public func referenceHeader(_ type: String) throws -> Header? {
    guard let path = resolved(type).path else { return nil }
    return Header(try FITSFile(reading: path).cards(of: 0))
  }

  /// The reference of a type, cut to a window of the detector.
  public func reference(_ type: String, window: PixelWindow, unit: String) throws -> ReferenceFrame? {
    guard let path = resolved(type).path else { return nil }
    logger.info("Using \(type.uppercased()) reference file \(path)")
    return try references.frame(type, window: window, unit: unit) { [logger] in logger.info("\($0)") }
  }

  /// The reference image of a type for a ramp, read by rows and cut to its window; nil when there is none.
  /// - Parameter units: what it may be in; nil: the ramp's own unit.
  /// - Throws: `EngineError` `reference-window`, `unit-mismatch`; what a file that cannot be read throws.
  public func referenceRows(
    _ type: String, for ramp: RampExposure, units: [String]? = nil
  ) throws -> ReferenceRows? {
    guard let path = resolved(type).path else { return nil }
    logger.info("Using \(type.uppercased()) reference file \(path)")
    let reference = try ReferenceRows(type: type, path: path, ramp: ramp, units: units)
    tellDetector(reference.metadata.detector, of: reference.name, type, ramp)
    return reference
  }

  /// The reference cube of a type for a ramp, e.g. coefficients, read by rows; nil when there is none.
  /// - Throws: as ``referenceRows(_:for:)``, and `cube-axes` when it is no cube.
  public func referenceCube(_ type: String, for ramp: RampExposure) throws -> ReferenceCube? {
    guard let path = resolved(type).path else { return nil }
    logger.info("Using \(type.uppercased()) reference file \(path)")
    let reference = try ReferenceCube(path: path, ramp: ramp)
    tellDetector(reference.metadata.detector, of: reference.name, type, ramp)
    return reference
  }

  private func tellDetector(_ found: String?, of name: String, _ type: String, _ ramp: RampExposure) {
    guard let found, let wanted = ramp.metadata.detector, found != wanted else { return }
    degrade("the \(type) \(name) is of DETECTOR \(found), the ramp of \(wanted)")
  }

  /// Says that frames of the association serve as the reference of a type, so that the product names them.
  public func standIn(_ type: String, _ frames: [Frame]) {
    notes.standIn(
      type,
      frames.map {
        ResolvedReference(
          type: type, origin: .single, path: $0.member.path, sha256: $0.member.sha256,
          reason: "a member of the association stands in for a \(type) reference")
      })
  }

  /// Whether frames of the association serve as the reference of a type.
  public func hasStandIns(_ type: String) -> Bool { notes.standIns(type) != nil }

  /// Says that a new master continues an earlier one, so that the product names it as more than a comparison.
  public func continuing(_ path: String) {
    notes.continuePrevious(path)
    note("what \(fileName(of: path)) says was continued")
  }

  /// Says that the product is degraded, in the report and in the log.
  public func degrade(_ reason: String) {
    logger.warning("\(reason)")
    notes.degrade(reason)
  }

  /// Says something that does not degrade the product, in the report and in the log.
  public func note(_ sentence: String) {
    logger.info("\(sentence)")
    notes.note(sentence)
  }
}
