import Pixels

/// Carries an iteration on along the way that it went: the step's end plus a share of what led there, the
/// share being how much the last two steps were alike (Biggs & Andrews 1997, Appl. Opt. 36, 1766). Ends of
/// steps keep their meaning; there are fewer of them.
struct Acceleration: Sendable {
  /// Where the last step ended.
  private var last: Plane<Float>?
  /// What the last step did.
  private var move: Plane<Float>?

  /// The scene from which to take the next step, after one that led from `start` to `end`.
  ///
  /// No pixel falls under a tenth of the step's end: one at 0 would never leave it.
  mutating func carriedOn(from start: Plane<Float>, to end: Plane<Float>) -> Plane<Float> {
    let move = combine(end, start) { $0 - $1 }
    defer { (last, self.move) = (end, move) }
    guard let last, let before = self.move else { return end }
    let likeness = sumRows(move, before, before) { new, old, _, sums in
      sums.cross += Double(new) * Double(old)
      sums.square += Double(old) * Double(old)
    }
    guard likeness.square > 0 else { return end }
    let share = Float(min(max(likeness.cross / likeness.square, 0), 1))
    return combine(end, last) { end, last in max(end + share * (end - last), 0.1 * end) }
  }
}
