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
  /// The number of a ramp's first read.
  private var base = 0
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
    if last == nil { base = first.read }
    last = waiting.removeFirst()
    return last
  }

  /// Whether no read can be missing before `place`: it is the next of its ramp, or the first of the ramp after one that
  /// has all of its reads.
  private func follows(_ place: Place) -> Bool {
    guard let last else { return beginsExposure(place) }
    if place.ramp == last.ramp { return place.read == last.read + 1 }
    let reads = known.filter { $0.ramp == last.ramp }.count
    return place.ramp == last.ramp + 1 && place.read == base && expectedReads.map { reads >= $0 } ?? false
  }

  /// Whether ramps and reads begin with `place`, the lowest that waits. They count from 0 or from 1, and nobody says
  /// which: a 1 is the first when so much has landed that a 0 would be there. One that comes later still is left out.
  private func beginsExposure(_ place: Place) -> Bool {
    let isFirstRamp = place.ramp == 0 || expectedRamps == 1 || known.contains { $0.ramp > 1 }
    let landed = known.filter { $0.ramp == place.ramp }.count
    let isFirstRead = place.read == 0 || (place.read == 1 && landed >= Self.enough)
    return isFirstRamp && isFirstRead
  }

  /// Reads of a ramp after which a read 0 is not waited for any longer.
  private static let enough = 4
}
