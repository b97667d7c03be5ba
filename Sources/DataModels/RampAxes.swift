import Metadata

/// How a file lays out a ramp; axes are given NAXIS1 first.
enum RampAxes: Sendable, Equatable {
  /// x, y, read, integration: ours, and one of the two newer layouts.
  case imageFirst
  /// read, integration, x, y: the newer layout (y, x, group, read).
  case readFirst

  /// The shape of `axes` (four of them) in this layout.
  func shape(_ axes: [Int]) -> RampShape {
    switch self {
    case .imageFirst: RampShape(integrations: axes[3], reads: axes[2], height: axes[1], width: axes[0])
    case .readFirst: RampShape(integrations: axes[1], reads: axes[0], height: axes[3], width: axes[2])
    }
  }

  /// Tells the layout of a ramp.
  ///
  /// `SCI` is always ours. `DATA` is told by the shape of `TIMES` = (ramps, reads), then by the header's
  /// detector window, then by its counts; what still fits both layouts is refused.
  ///
  /// - Parameters:
  ///   - axes: four lengths, NAXIS1 first.
  ///   - times: (ramps, reads) of the `TIMES` extension, if there is one.
  /// - Throws: `ambiguous-axes` when both layouts fit, `ramp-axes` when none does.
  static func tell(
    _ axes: [Int], hduName: String, times: (ramps: Int, reads: Int)?, metadata: FrameMetadata, path: String
  ) throws(ModelError) -> RampAxes {
    var candidates: [RampAxes] = hduName == "SCI" ? [.imageFirst] : [.imageFirst, .readFirst]
    if let times {
      candidates.removeAll {
        let shape = $0.shape(axes)
        return shape.reads != times.reads || (shape.integrations != times.ramps && times.ramps != 1)
      }
      guard !candidates.isEmpty else {
        throw ModelError(
          code: "ramp-axes",
          message: "axes \(axes) do not hold the \(times.ramps) ramps of \(times.reads) reads that TIMES has",
          subject: "\(path)[\(hduName)]")
      }
    }
    for fits in hints(metadata) where candidates.count > 1 {
      let kept = candidates.filter { fits($0.shape(axes)) }
      if !kept.isEmpty { candidates = kept }
    }
    guard candidates.count == 1, let found = candidates.first else {
      throw ModelError(
        code: "ambiguous-axes",
        message:
          "axes \(axes) may be (group, read, y, x) or (y, x, group, read): neither TIMES nor the header tells",
        subject: "\(path)[\(hduName)]",
        hint: "add a TIMES extension of (ramps, reads), or SUBSIZE1 and SUBSIZE2")
    }
    return found
  }

  private static func hints(_ metadata: FrameMetadata) -> [(RampShape) -> Bool] {
    var hints: [(RampShape) -> Bool] = []
    if let window = metadata.subarray {
      hints.append { $0.width == window.width && $0.height == window.height }
    }
    if let ramps = metadata.nints, let reads = metadata.ngroups {
      hints.append { $0.integrations == ramps && $0.reads == reads }
    }
    return hints
  }
}
