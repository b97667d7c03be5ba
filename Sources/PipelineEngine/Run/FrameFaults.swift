import Metadata

extension FrameMetadata {
  /// Why a frame should not be used: `aborted`, `flagged BAD`; empty for a good one.
  var faults: [String] {
    [(isAborted, "aborted"), (dataQuality == "BAD", "flagged BAD")].filter(\.0).map(\.1)
  }
}

extension Frame {
  /// What to say of an aborted or BAD frame that a set leaves out, `x.fits is aborted and was left out`; nil of a good one.
  public var leftOut: String? {
    metadata.faults.first.map { "\(member.name) is \($0) and was left out" }
  }
}
