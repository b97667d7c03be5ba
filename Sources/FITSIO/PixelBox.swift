/// A box of pixels of an image, as CFITSIO's subsets take it: first and last pixel of each axis, from 1.
struct PixelBox: Equatable {
  var first: [Int]
  var last: [Int]

  /// Pixels in it.
  var count: Int { zip(first, last).reduce(1) { $0 * ($1.1 - $1.0 + 1) } }

  /// The boxes that a run of pixels in file order fills one after another, at most two for each axis and one.
  ///
  /// - Parameters:
  ///   - run: numbers of the pixels from 0; within the image and not empty.
  ///   - axes: lengths, `NAXIS1` first.
  static func boxes(of run: Range<Int>, axes: [Int]) -> [PixelBox] {
    guard let length = axes.last, !run.isEmpty else { return [] }
    guard axes.count > 1 else {
      return [PixelBox(first: [run.lowerBound + 1], last: [run.upperBound])]
    }
    // Slabs across the slowest axis: a part of the first, whole ones, a part of the last.
    let lower = Array(axes.dropLast())
    let slab = lower.reduce(1, *)
    var boxes: [PixelBox] = []
    var start = run.lowerBound
    while start < run.upperBound {
      let index = start / slab
      let whole = start % slab == 0 ? min((run.upperBound - start) / slab, length - index) : 0
      if whole > 0 {
        boxes.append(
          PixelBox(first: lower.map { _ in 1 } + [index + 1], last: lower + [index + whole]))
        start += whole * slab
        continue
      }
      let end = min(run.upperBound, (index + 1) * slab)
      boxes += Self.boxes(of: start - index * slab..<end - index * slab, axes: lower).map {
        PixelBox(first: $0.first + [index + 1], last: $0.last + [index + 1])
      }
      start = end
    }
    return boxes
  }
}
