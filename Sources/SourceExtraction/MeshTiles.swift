import CSEP
import Dispatch
import Foundation
import Pixels
import Synchronization

/// Level and noise of every tile of an image before any filter, as the library finds them.
struct MeshTiles {
  private(set) var level: MeshNodes
  private(set) var noise: MeshNodes
  /// Tiles with fewer than half of their pixels left.
  let bad: [Bool]

  /// - Throws: what the library says of a band that it cannot do.
  init(
    _ image: Plane<Float>, excluding mask: Plane<UInt8>?, _ options: MeshOptions
  ) throws(SourceExtractionError) {
    let columns = (image.width - 1) / options.boxWidth + 1
    let rows = (image.height - 1) / options.boxHeight + 1
    var level = [Float](repeating: 0, count: columns * rows)
    var noise = level
    var bad = [Bool](repeating: false, count: columns * rows)
    let failure = Mutex<Int32>(0)
    level.withUnsafeMutableBufferPointer { level in
      noise.withUnsafeMutableBufferPointer { noise in
        bad.withUnsafeMutableBufferPointer { bad in
          image.withUnsafeBuffer { values in
            // Every tile is written by one thread only.
            nonisolated(unsafe) let (level, noise, bad, values) = (level, noise, bad, values)
            Self.inBands(rows: rows, pixelsPerRow: options.boxHeight * image.width) { tiles in
              let band = Band(values: values, mask: mask, width: image.width, height: image.height, options)
              let status = band.measure(
                tiles, columns: columns, level: level, noise: noise, bad: bad)
              if status != 0 { failure.withLock { $0 = status } }
            }
          }
        }
      }
    }
    let status = failure.withLock { $0 }
    guard status == 0 else { throw SourceExtractionError(status: status, subject: "background mesh") }
    self.level = MeshNodes(columns: columns, rows: rows, values: level)
    self.noise = MeshNodes(columns: columns, rows: rows, values: noise)
    self.bad = bad
  }

  /// Rows of tiles in a few runs for each core; a small image in one.
  private static func inBands(rows: Int, pixelsPerRow: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let worthwhile = max(1, rows * pixelsPerRow >> 17)
    let bands = min(rows, worthwhile, 4 * ProcessInfo.processInfo.activeProcessorCount)
    DispatchQueue.concurrentPerform(iterations: bands) { band in
      body(rows * band / bands..<rows * (band + 1) / bands)
    }
  }
}

/// Whole tiles of an image that one thread measures.
private struct Band {
  let values: UnsafeBufferPointer<Float>
  let mask: Plane<UInt8>?
  let width: Int
  let height: Int
  let options: MeshOptions

  init(
    values: UnsafeBufferPointer<Float>, mask: Plane<UInt8>?, width: Int, height: Int, _ options: MeshOptions
  ) {
    self.values = values
    self.mask = mask
    self.width = width
    self.height = height
    self.options = options
  }

  /// Measures rows `tiles` of the mesh; returns the library's status, 0 for success.
  func measure(
    _ tiles: Range<Int>, columns: Int, level: UnsafeMutableBufferPointer<Float>,
    noise: UnsafeMutableBufferPointer<Float>, bad: UnsafeMutableBufferPointer<Bool>
  ) -> Int32 {
    let y0 = tiles.lowerBound * options.boxHeight
    let y1 = min(tiles.upperBound * options.boxHeight, height)
    let offset = tiles.lowerBound * columns
    func run(_ marks: UnsafePointer<UInt8>?) -> Int32 {
      guard let base = values.baseAddress else { return 0 }
      markBad(tiles, columns: columns, marks, bad)
      var image = sep_image()
      image.data = UnsafeRawPointer(base + y0 * width)
      image.dtype = Int32(SEP_TFLOAT)
      image.mask = marks.map { UnsafeRawPointer($0 + y0 * width) }
      image.mdtype = Int32(SEP_TBYTE)
      (image.w, image.h) = (Int32(width), Int32(y1 - y0))
      var mesh: UnsafeMutablePointer<sep_bkg>?
      let status = sep_background(
        &image, Int32(options.boxWidth), Int32(options.boxHeight), 1, 1, 0, &mesh)
      defer { sep_bkg_free(mesh) }
      guard status == 0, let mesh, let back = mesh.pointee.back, let sigma = mesh.pointee.sigma else {
        return status == 0 ? 1 : status
      }
      for k in 0..<Int(mesh.pointee.n) {
        level[offset + k] = back[k]
        noise[offset + k] = sigma[k]
      }
      return 0
    }
    guard let mask else { return run(nil) }
    return mask.withUnsafeBuffer { run($0.baseAddress) }
  }

  /// The library fills tiles that lack good pixels from this band alone: which they are must be known, to fill them
  /// from the whole mesh.
  private func markBad(
    _ tiles: Range<Int>, columns: Int, _ marks: UnsafePointer<UInt8>?, _ bad: UnsafeMutableBufferPointer<Bool>
  ) {
    for row in tiles {
      let y1 = min((row + 1) * options.boxHeight, height)
      for column in 0..<columns {
        let x0 = column * options.boxWidth
        let x1 = min(x0 + options.boxWidth, width)
        var good: Int32 = 0
        for y in row * options.boxHeight..<y1 {
          if let marks {
            for i in y * width + x0..<y * width + x1 {
              good &+= (marks[i] == 0 ? 1 : 0) & (values[i] > -1e30 ? 1 : 0)
            }
          } else {
            for i in y * width + x0..<y * width + x1 { good &+= values[i] > -1e30 ? 1 : 0 }
          }
        }
        let pixels = (x1 - x0) * (y1 - row * options.boxHeight)
        bad[row * columns + column] = Float(good) < Float(pixels) * 0.5
      }
    }
  }
}
