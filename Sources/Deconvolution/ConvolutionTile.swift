/// One tile of a scene on its way into and out of a transform.
struct ConvolutionTile: Sendable {
  /// A rectangle of a plane, and which of the plane's pixels is the first of the transform.
  struct Area: Sendable {
    let x: Range<Int>
    let y: Range<Int>
    let originX: Int
    let originY: Int
  }

  let number: Int
  /// The tile in the scene.
  let area: Area
  private let windowX: [Float]
  private let windowY: [Float]

  init(number: Int, columns: Range<Int>, rows: Range<Int>, windowX: [Float], windowY: [Float]) {
    self.number = number
    area = Area(x: columns, y: rows, originX: columns.lowerBound, originY: rows.lowerBound)
    self.windowX = windowX
    self.windowY = windowY
  }

  /// Copies a part of a plane into scratch memory of zeros.
  func gather(
    _ plane: UnsafePointer<Float>, _ width: Int, from part: Area, into scratch: Scratch,
    _ transform: TransformPair, windowed: Bool
  ) {
    eachRun(of: part, transform) { y, columns, place in
      let source = plane + y * width + columns.lowerBound
      let target = scratch.base + place
      guard windowed else {
        target.update(from: source, count: columns.count)
        return
      }
      let weight = windowY[y - part.y.lowerBound]
      let first = columns.lowerBound - part.x.lowerBound
      windowX.withUnsafeBufferPointer {
        for i in 0..<columns.count { target[i] = source[i] * weight * $0[first &+ i] }
      }
    }
  }

  /// Adds scratch memory to a part of a plane.
  func add(
    _ scratch: Scratch, _ transform: TransformPair, to plane: UnsafeMutablePointer<Float>, _ width: Int,
    at part: Area, windowed: Bool
  ) {
    eachRun(of: part, transform) { y, columns, place in
      let source = scratch.base + place
      let target = plane + y * width + columns.lowerBound
      guard windowed else {
        for i in 0..<columns.count { target[i] += source[i] }
        return
      }
      let weight = windowY[y - part.y.lowerBound]
      let first = columns.lowerBound - part.x.lowerBound
      windowX.withUnsafeBufferPointer {
        for i in 0..<columns.count { target[i] += source[i] * weight * $0[first &+ i] }
      }
    }
  }

  /// Calls `body` with every row of an area in runs that do not wrap round the transform, and the run's place
  /// in it.
  private func eachRun(
    of part: Area, _ transform: TransformPair, _ body: (Int, Range<Int>, Int) -> Void
  ) {
    let zero = min(max(part.originX, part.x.lowerBound), part.x.upperBound)
    for y in part.y {
      let row = ((y - part.originY) + transform.height) % transform.height * transform.stride
      let wrapped = part.x.lowerBound..<zero
      if !wrapped.isEmpty {
        body(y, wrapped, row + wrapped.lowerBound - part.originX + transform.width)
      }
      if zero < part.x.upperBound { body(y, zero..<part.x.upperBound, row + zero - part.originX) }
    }
  }
}
