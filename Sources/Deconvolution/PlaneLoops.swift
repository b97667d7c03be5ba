import Pixels

/// `body` of the pixels of two planes of one shape, on all cores.
@inline(__always)
func combine(
  _ a: Plane<Float>, _ b: Plane<Float>, _ body: @Sendable (Float, Float) -> Float
) -> Plane<Float> {
  let (width, height) = (a.width, a.height)
  return Plane(uninitializedWidth: width, height: height) { out in
    a.withUnsafeBuffer { a in
      b.withUnsafeBuffer { b in
        guard let a = a.baseAddress, let b = b.baseAddress, let out = out.baseAddress else { return }
        // Every row is written by one thread only.
        nonisolated(unsafe) let (left, right, target) = (a, b, out)
        forEachRowBand(height: height, width: width) { rows in
          for i in rows.lowerBound * width..<rows.upperBound * width { target[i] = body(left[i], right[i]) }
        }
      }
    }
  }
}

/// Sums over the pixels of three planes of one shape, on all cores, in double precision and always in the same
/// order.
@inline(__always)
func sumRows(
  _ a: Plane<Float>, _ b: Plane<Float>, _ c: Plane<Float>,
  _ body: @Sendable (Float, Float, Float, inout ModelFit) -> Void
) -> ModelFit {
  let (width, height) = (a.width, a.height)
  var sums = [ModelFit](repeating: ModelFit(), count: height)
  a.withUnsafeBuffer { a in
    b.withUnsafeBuffer { b in
      c.withUnsafeBuffer { c in
        sums.withUnsafeMutableBufferPointer { sums in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress,
            let sums = sums.baseAddress
          else { return }
          // Every row has its own sum.
          nonisolated(unsafe) let (first, second, third, target) = (a, b, c, sums)
          forEachRowBand(height: height, width: width) { rows in
            for y in rows {
              var sum = ModelFit()
              for i in y * width..<(y + 1) * width { body(first[i], second[i], third[i], &sum) }
              target[y] = sum
            }
          }
        }
      }
    }
  }
  return sums.reduce(ModelFit(), +)
}
