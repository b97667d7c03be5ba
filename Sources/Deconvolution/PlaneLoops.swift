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

/// The greatest value of a plane, on all cores; 0 where none is above.
func greatest(of plane: Plane<Float>) -> Float {
  let (width, height) = (plane.width, plane.height)
  var rows = [Float](repeating: 0, count: height)
  plane.withUnsafeBuffer { plane in
    rows.withUnsafeMutableBufferPointer { rows in
      guard let plane = plane.baseAddress, let rows = rows.baseAddress else { return }
      // Every row has its own place.
      nonisolated(unsafe) let (source, target) = (plane, rows)
      forEachRowBand(height: height, width: width) { band in
        for y in band {
          var lanes = SIMD16<Float>(repeating: 0)
          let row = source + y * width
          for i in stride(from: 0, to: width - 15, by: 16) {
            lanes.replace(
              with: UnsafeRawPointer(row + i).loadUnaligned(as: SIMD16<Float>.self),
              where: UnsafeRawPointer(row + i).loadUnaligned(as: SIMD16<Float>.self) .> lanes)
          }
          var greatest = lanes.max()
          for i in width - width % 16..<width { greatest = max(greatest, row[i]) }
          target[y] = greatest
        }
      }
    }
  }
  return rows.reduce(0, max)
}
