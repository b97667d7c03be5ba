import DataModels
import FITSIO
import FITSStructure
import Metadata
import Pixels

/// One exposure on its way through a pipeline: headers in memory, pixels in memory or still in the file.
///
/// Pixels are in `adu/s` (or the file's own unit from photometry on), with one-sigma errors and DQ. While they are
/// still in the file, operations are kept and done on each band of rows as it is read, so that a stack of frames
/// is never in memory as a whole.
public struct Frame: Sendable {
  public let member: Member
  /// Primary header.
  public var header: Header
  /// Header of the science image: WCS, BUNIT and the rest.
  public var scienceHeader: Header
  /// The headers' meaning as they were in the file.
  public let metadata: FrameMetadata
  /// Pixels in a row and rows.
  public let width: Int
  public let height: Int
  /// Unit of values and errors as FITS writes it.
  public var unit: String
  /// Where the frame lies on its detector, 0-based; the whole frame when it is no subarray.
  public let window: PixelWindow
  /// How much of one dark is still in the frame: 1 in a raw frame, 0 when it was removed, 1 - k after k x a raw
  /// background was subtracted.
  public var darkShare: Float
  /// Where a file says it, when it is neither all nor nothing.
  static let darkShareKeyword = "DARKSHAR"
  /// Map of subarrays read inside this frame, when the file has one (`SUBARR_MAP`).
  public var subarrayMap: Plane<UInt16>?

  /// The error of a master that other frames of the set hold too; not in `content`.
  private(set) var sharedError: SharedError?

  private var content: Content

  private enum Content: Sendable {
    case memory(Measured)
    case file(FrameSource, [FrameOperation])
  }

  /// A frame that exists only in memory.
  public init(
    member: Member, header: Header, scienceHeader: Header, metadata: FrameMetadata, unit: String,
    window: PixelWindow, darkShare: Float = 1, pixels: Measured
  ) {
    self.member = member
    self.header = header
    self.scienceHeader = scienceHeader
    self.metadata = metadata
    self.width = pixels.width
    self.height = pixels.height
    self.unit = unit
    self.window = window
    self.darkShare = darkShare
    self.content = .memory(pixels)
  }

  /// A frame whose pixels stay in the file until they are asked for.
  package init(
    member: Member, source: FrameSource, metadata: FrameMetadata, unit: String, window: PixelWindow,
    darkShare: Float, operations: [FrameOperation]
  ) {
    self.member = member
    self.header = source.primary
    self.scienceHeader = source.scienceHeader
    self.metadata = metadata
    self.width = source.width
    self.height = source.height
    self.unit = unit
    self.window = window
    self.darkShare = darkShare
    self.content = .file(source, operations)
  }

  /// Does `operation` on every pixel: now when the pixels are in memory, else as they are read.
  public mutating func apply(_ operation: FrameOperation) throws {
    switch operation.effect {
    case .anything: try mergeSharedError()
    case .keepsErrors: break
    case .divides(let divisor): sharedError = sharedError?.times(1 / divisor)
    }
    try perform(operation)
  }

  /// Subtracts a master with `operation`, which leaves errors alone, and keeps the master's error apart until the
  /// frame is combined with others that hold the same one.
  public mutating func apply(_ operation: FrameOperation, sharing error: SharedError) throws {
    try mergeSharedError()
    try perform(operation)
    sharedError = error
  }

  /// Takes out of the frame's errors that of a master which was subtracted earlier, to keep it apart from now on.
  public mutating func setApart(_ error: SharedError) throws {
    try mergeSharedError()
    try perform(FrameOperation { pixels, rows in error.remove(from: &pixels, rows: rows) })
    sharedError = error
  }

  /// Puts what was kept apart into the frame's own errors, as any operation must find them.
  private mutating func mergeSharedError() throws {
    guard let shared = sharedError else { return }
    sharedError = nil
    try perform(FrameOperation { pixels, rows in shared.add(to: &pixels, rows: rows) })
  }

  private mutating func perform(_ operation: FrameOperation) throws {
    switch content {
    case .memory(var pixels):
      content = .memory(Measured(width: 0, height: 0))
      try operation.body(&pixels, 0..<height)
      content = .memory(pixels)
    case .file(let source, let operations):
      content = .file(source, operations + [operation])
    }
  }

  /// The pixels of some rows, with every operation done and all that is known of their errors.
  public func rows(_ rows: Range<Int>) throws -> Measured {
    var pixels = try ownRows(rows)
    sharedError?.add(to: &pixels, rows: rows)
    return pixels
  }

  /// The pixels of some rows, without the error that other frames share.
  func ownRows(_ rows: Range<Int>) throws -> Measured {
    switch content {
    case .memory(let pixels):
      return pixels.cropped(to: PixelWindow(x0: 0, y0: rows.lowerBound, width: width, height: rows.count))
    case .file(let source, let operations):
      var band = try source.read(rows)
      for operation in operations { try operation.body(&band, rows) }
      return band
    }
  }

  /// Brings the pixels into memory.
  public mutating func load() throws {
    if case .file = content { content = .memory(try ownRows(0..<height)) }
  }

  /// All pixels, loaded if they were not.
  public func pixels() throws -> Measured {
    if case .memory(let pixels) = content, sharedError == nil { return pixels }
    return try rows(0..<height)
  }

  /// Replaces the pixels.
  /// - Precondition: the shape is the frame's.
  public mutating func setPixels(_ pixels: Measured) {
    precondition(pixels.width == width && pixels.height == height, "pixels of another shape")
    sharedError = nil
    content = .memory(pixels)
  }

  /// Takes the pixels out, leaving the frame empty, so that they can be changed in place without a copy;
  /// `setPixels` puts them back.
  public mutating func takePixels() throws -> Measured {
    let pixels = try pixels()
    sharedError = nil
    content = .memory(Measured(width: 0, height: 0))
    return pixels
  }

  /// The status keyword of a step in the headers, e.g. `COMPLETE` for `S_DARK`; nil when it never ran.
  public func status(_ keyword: String) -> String? { header.string(keyword) }
}

/// Something to do with a frame's pixels; called with whole frames or with bands of rows.
public struct FrameOperation: Sendable {
  /// What an operation may do to errors, so that one that is kept apart (`SharedError`) stays right.
  public enum Effect: Sendable {
    /// It may do anything: a frame's errors are made whole first.
    case anything
    /// It leaves errors as they are; values may move by what does not depend on them.
    case keepsErrors
    /// It divides values and errors by a number.
    case divides(Float)
  }

  /// What it may do to errors.
  public let effect: Effect
  /// Changes `pixels`, which are the rows `rows` of the frame.
  public let body: @Sendable (_ pixels: inout Measured, _ rows: Range<Int>) throws -> Void

  public init(
    _ effect: Effect = .anything,
    _ body: @escaping @Sendable (_ pixels: inout Measured, _ rows: Range<Int>) throws -> Void
  ) {
    self.effect = effect
    self.body = body
  }
}

extension FrameOperation {
  /// ORs `flags` into every pixel.
  public static func raising(_ flags: UInt32) -> FrameOperation {
    FrameOperation(.keepsErrors) { pixels, _ in pixels.raise(flags) }
  }

  /// Divides values and errors by a number.
  public static func dividing(by divisor: Float) -> FrameOperation {
    FrameOperation(.divides(divisor)) { pixels, _ in pixels = pixels.divided(by: divisor) }
  }
}
