/// Bad pixels over time: a pixel that was bad stays in the mask until it was good in several masks in a row.
public struct BadPixelHistory: Sendable, Equatable {
  /// Flags of the pixels that are bad, or were and have not recovered.
  public private(set) var flags: Plane<UInt32>
  /// In how many masks each pixel was found bad.
  public private(set) var seen: Plane<UInt16>
  /// In how many masks in a row, to the latest, each pixel was judged and found good since it was last found bad; 0 of a
  /// pixel that never was bad.
  public private(set) var clean: Plane<UInt16>

  /// Flags that are no judgement of a single mask.
  private static let derived = DQ.doNotUse | DQ.referencePixel | DQ.nonScience

  /// The history that begins with a mask.
  public init(_ found: Plane<UInt32>) {
    flags = found
    seen = found.map { $0 & ~Self.derived != 0 ? 1 : 0 }
    clean = found.map { _ in 0 }
  }

  /// A history as it was kept.
  ///
  /// - Precondition: the shapes agree.
  public init(flags: Plane<UInt32>, seen: Plane<UInt16>, clean: Plane<UInt16>) {
    precondition(
      flags.width == seen.width && flags.height == seen.height && flags.width == clean.width
        && flags.height == clean.height, "planes of different shapes")
    self.flags = flags
    self.seen = seen
    self.clean = clean
  }

  /// Takes in the next mask.
  ///
  /// Flags found now are raised. Earlier ones stay while the pixel has been good in fewer than `recover` masks in a row;
  /// those of kinds that this mask could not judge (no flat, too few darks) stay in any case, and such a pixel's count
  /// does not grow. `DO_NOT_USE`, `REFERENCE_PIXEL` and `NON_SCIENCE` are of this mask alone.
  /// - Parameters:
  ///   - found: flags of the pixels that are bad now.
  ///   - judged: the kinds that were looked for.
  ///   - recover: masks in a row that clear a pixel; 0 keeps nothing, infinity is `Int.max`.
  /// - Returns: how many pixels were cleared, and how many are kept though they are good now.
  /// - Precondition: the shapes agree.
  @discardableResult
  public mutating func update(
    with found: Plane<UInt32>, judged: UInt32, recover: Int
  ) -> (cleared: Int, kept: Int) {
    precondition(found.width == flags.width && found.height == flags.height, "masks of different shapes")
    var (cleared, kept) = (0, 0)
    found.withUnsafeBuffer { found in
      flags.withUnsafeMutableBuffer { flags in
        seen.withUnsafeMutableBuffer { seen in
          clean.withUnsafeMutableBuffer { clean in
            for i in found.indices {
              let now = found[i] & ~Self.derived
              let before = flags[i] & ~Self.derived
              guard now | before != 0 else {
                flags[i] = found[i]
                continue
              }
              let unjudged = before & ~judged
              if now != 0 {
                seen[i] = seen[i] == .max ? .max : seen[i] + 1
                clean[i] = 0
                flags[i] = found[i] | (recover > 0 ? before : unjudged)
                continue
              }
              if unjudged == 0 { clean[i] = clean[i] == .max ? .max : clean[i] + 1 }
              let isCleared = Int(clean[i]) >= recover
              flags[i] = found[i] | (isCleared ? unjudged : before)
              if isCleared, unjudged == 0 { cleared += 1 } else { kept += 1 }
            }
          }
        }
      }
    }
    return (cleared, kept)
  }
}
