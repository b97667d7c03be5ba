/// Which readout of an exposure is next while they land in any order.
///
/// Reads are taken in the order of their ramps and numbers. One that lands early waits for those before it, until all
/// are there or nobody waits any longer.
struct ReadoutOrder: Sendable, Equatable {
  struct Place: Sendable, Hashable, Comparable {
    let ramp: Int
    let read: Int

    static func < (a: Place, b: Place) -> Bool { (a.ramp, a.read) < (b.ramp, b.read) }
  }

  /// Reads of each ramp, and ramps, that the header declares.
  let expectedReads: Int?
  let expectedRamps: Int
  private(set) var known: Set<Place> = []
  private var waiting: [Place] = []
  private var last: Place?
  private var isEnded = false

  init(expectedReads: Int?, expectedRamps: Int) {
    self.expectedReads = expectedReads
    self.expectedRamps = expectedRamps
  }

  /// Whether as many reads are known as are declared.
  var isComplete: Bool { expectedReads.map { known.count >= $0 * expectedRamps } ?? false }

  /// Takes note of a read. Returns false when one of that place is known, or comes too late for its place.
  mutating func insert(_ place: Place) -> Bool {
    if let last, place < last { return false }
    guard known.insert(place).inserted else { return false }
    waiting.append(place)
    waiting.sort()
    return true
  }

  /// From now on nobody waits for what is missing.
  mutating func end() { isEnded = true }

  /// The read to be taken now; nil when one before it may still come.
  mutating func next() -> Place? {
    guard let first = waiting.first, isEnded || isComplete || follows(first) else { return nil }
    last = waiting.removeFirst()
    return last
  }

  /// Whether no read can be missing before `place`: it is the next of its ramp, or the first of one (0 or 1) after a
  /// ramp that has all of its reads.
  private func follows(_ place: Place) -> Bool {
    guard let last else { return place.ramp <= 1 && place.read <= 1 && isFirst(place) }
    if place.ramp == last.ramp { return place.read == last.read + 1 }
    let reads = known.filter { $0.ramp == last.ramp }.count
    return place.ramp == last.ramp + 1 && isFirst(place) && expectedReads.map { reads >= $0 } ?? false
  }

  /// Numbers begin at 0 or at 1: a read 1 is the first when there is no 0, which is sure only when it has landed in
  /// the place of the first.
  private func isFirst(_ place: Place) -> Bool { place.read <= 1 && !waiting.contains { $0 < place } }
}
