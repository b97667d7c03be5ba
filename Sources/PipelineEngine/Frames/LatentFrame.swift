import Metadata
import Pixels

/// The saturated pixels of an earlier exposure, from its level 1 frame.
public struct LatentFrame: Sendable {
  /// `DETECTOR`, nil where the file does not say.
  public let detector: String?
  /// Saturated pixels and when the exposure ended, in seconds since the reference date of `Date`.
  public let image: LatentImage

  /// - Throws: `EngineError` `no-flags` for a file without DQ, `no-end-time` for one that does not say when it ended;
  ///   what a file that cannot be read throws.
  public init(path: String) throws {
    let source = try FrameSource(path: path)
    let metadata = FrameMetadata(primary: source.primary.cards, extensions: source.extensions)
    guard let quality = try source.readImage().quality else {
      throw EngineError(
        "no-flags", "the earlier exposure has no DQ, so nobody knows what was saturated", subject: path,
        hint: "name its level 1 frame (_rate)")
    }
    guard let end = metadata.dateEnd else {
      throw EngineError(
        "no-end-time", "the earlier exposure does not say when it ended (DATE-END, or DATE-BEG and EXPTIME)",
        subject: path)
    }
    detector = metadata.detector
    image = LatentImage(
      saturated: PixelMask(anyOf: DQ.saturated, in: quality),
      window: try FrameOpener.window(of: metadata, source: source), end: end.timeIntervalSinceReferenceDate)
  }
}
