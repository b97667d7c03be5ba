import Glibc
import Pixels

/// The charge that a cosmic ray left in one pixel.
public struct CosmicRay: Sendable, Hashable {
  /// Ramp, and the first read that shows it; from 0. What came before the first read is in read 0, where it cannot be
  /// told from the pedestal.
  public let ramp: Int
  public let read: Int
  /// Pixel of the window that was read, from 0.
  public let x: Int
  public let y: Int
  /// Electrons.
  public let electrons: Double
  /// Pixels of one track share a number.
  public let event: Int
}

/// Draws the cosmic rays of an exposure.
///
/// Muons come in over cos² of their angle from the normal, cross the layer in a straight line, and free charge in
/// proportion to their way, times a factor whose logarithm has a tail to the right (as Landau's distribution has). Most
/// stay within one pixel; a slanted one crosses several.
struct CosmicRayShower {
  let options: ReadoutOptions
  let window: ReadWindow
  let detectorSize: Int

  /// The hits of the ramp `ramp`, in the order they came.
  func draw(ramp: Int, readTimes: [Double], random: inout RandomStream) -> [CosmicRay] {
    guard options.cosmicRate > 0, let last = readTimes.last else { return [] }
    let side = options.pixelMicron * 1e-4
    let area = Double(window.width) * Double(window.height) * side * side
    let count = Int(poissonDeviate(mean: options.cosmicRate * area * last, &random))
    let moments = (0..<count).map { _ in random.uniform(in: 0..<last) }.sorted()
    var hits: [CosmicRay] = []
    for (event, moment) in moments.enumerated() {
      let read = readTimes.firstIndex { $0 > moment } ?? readTimes.count - 1
      for (x, y, electrons) in track(&random) where isSensitive(x, y) {
        hits.append(CosmicRay(ramp: ramp, read: read, x: x, y: y, electrons: electrons, event: event))
      }
    }
    return hits
  }

  private func isSensitive(_ x: Int, _ y: Int) -> Bool {
    guard (0..<window.width).contains(x), (0..<window.height).contains(y) else { return false }
    let border = options.referenceBorder
    let inside = border..<max(detectorSize - border, border)
    return inside.contains(x + window.x) && inside.contains(y + window.y)
  }

  /// Pixels on the way of one muon, with their electrons.
  private func track(_ random: inout RandomStream) -> [(Int, Int, Double)] {
    let start = (
      random.uniform(in: 0..<Double(window.width)), random.uniform(in: 0..<Double(window.height))
    )
    let angle = random.uniform(in: 0..<2 * Double.pi)
    // The flux through a plane from the angle θ goes as cos³θ sinθ dθ: the fourth root of a uniform number is cos θ.
    let cosine = max(random.uniform().squareRoot().squareRoot(), 0.02)
    let tangent = (1 / (cosine * cosine) - 1).squareRoot()
    let length = options.layerMicron * tangent / options.pixelMicron
    let excess = -log(1 - random.uniform())
    let perMicron = options.cosmicElectronsPerMicron * exp(0.2 * normalDeviate(&random)) * (1 + 0.2 * excess)
    let total = perMicron * options.layerMicron / cosine
    return crossed(from: start, step: (length * cos(angle), length * sin(angle))).map {
      ($0.x, $0.y, (total * $0.share).rounded())
    }
  }

  /// The pixels that a straight way crosses, with the share of it in each.
  private func crossed(
    from start: (Double, Double), step: (Double, Double)
  ) -> [(x: Int, y: Int, share: Double)] {
    var cuts = [0.0, 1.0]
    for (from, way) in [(start.0, step.0), (start.1, step.1)] where way != 0 {
      let (low, high) = (min(from, from + way).rounded(.up), max(from, from + way).rounded(.down))
      var edge = low
      while edge <= high {
        cuts.append((edge - from) / way)
        edge += 1
      }
    }
    cuts.sort()
    return zip(cuts, cuts.dropFirst()).compactMap { a, b in
      guard b - a > 1e-9 else { return nil }
      let middle = (a + b) / 2
      let x = Int((start.0 + middle * step.0).rounded(.down))
      return (x, Int((start.1 + middle * step.1).rounded(.down)), b - a)
    }
  }
}
