import DataModels
import FITSIO
import PipelineEngine
import Pixels
import Synchronization
import Testing

/// Parts of a ramp are what they are in the whole of it, whatever is done to the bands they are read in.
@Suite struct RampExposureTests {
  private static let (width, height) = (24, 40)

  /// Adds what depends on the place in the window.
  private static let placed = RampOperation { band, part in
    for read in 0..<band.reads {
      for y in 0..<band.height {
        for x in 0..<band.width {
          band.samples[0, read, x, y] += Float(1000 * (part.x0 + x) + 100_000 * (part.y0 + y) + read)
        }
      }
    }
  }

  /// Adds the pixels at the right and above.
  private static let neighbours = RampOperation(halo: 1) { band, _ in
    let old = band.samples
    for read in 0..<band.reads {
      for y in 0..<band.height {
        for x in 0..<band.width {
          if x + 1 < band.width { band.samples[0, read, x, y] += old[0, read, x + 1, y] }
          if y + 1 < band.height { band.samples[0, read, x, y] += old[0, read, x, y + 1] }
        }
      }
    }
  }

  private static func exposure(_ operations: [RampOperation]) throws -> RampExposure {
    let samples = Ramp<Float>(
      integrations: 1, reads: 2, height: height, width: width,
      elements: (0..<2 * height * width).map { Float($0 * 7 % 97) })
    let model = RampModel(header: Header(), samples: .float32(samples), times: nil)
    var exposure = try RampExposure(RampSource(model), members: [])
    for operation in operations { exposure.apply(operation) }
    return exposure
  }

  @Test(arguments: [[], [placed], [neighbours], [placed, neighbours], [neighbours, placed]])
  func columnsAreThoseOfTheWhole(_ operations: [RampOperation]) throws {
    let exposure = try Self.exposure(operations)
    let columns = [0..<4, 9..<10, 20..<24]
    let found = Mutex<[(rows: Range<Int>, bands: [RampBand])]>([])
    try exposure.forEachBand(columns: columns) { bands, rows in
      found.withLock { $0.append((rows, bands)) }
    }
    let all = found.withLock { $0 }.sorted { $0.rows.lowerBound < $1.rows.lowerBound }
    #expect(all.flatMap { Array($0.rows) } == Array(0..<Self.height) && all.count > 1)
    let whole = try exposure.rows(0..<Self.height)
    for (rows, bands) in all {
      #expect(bands.count == columns.count)
      for (band, range) in zip(bands, columns) {
        let part = PixelWindow(
          x0: range.lowerBound, y0: rows.lowerBound, width: range.count, height: rows.count)
        #expect(band == whole.cropped(to: part), "rows \(rows), columns \(range)")
        #expect(try exposure.part(part) == band)
      }
    }
  }
}
