import ArgumentParser
import Foundation
import Pixels

/// Does `work` once; what it made, and the seconds that it took.
func timed<T>(_ work: () throws -> T) rethrows -> (result: T, seconds: Double) {
  let clock = ContinuousClock()
  let start = clock.now
  let result = try work()
  let parts = (clock.now - start).components
  return (result, Double(parts.seconds) + Double(parts.attoseconds) * 1e-18)
}

/// An image of float32 without a header, as the peers in Python read it too.
func rawImage(_ path: String, size: Int) throws -> Plane<Float> {
  let bytes = try Data(contentsOf: URL(filePath: path))
  guard bytes.count == size * size * MemoryLayout<Float>.size else {
    throw ValidationError("\(path) is no image of \(size) x \(size)")
  }
  return Plane<Float>(uninitializedWidth: size, height: size) { _ = bytes.copyBytes(to: $0) }
}
