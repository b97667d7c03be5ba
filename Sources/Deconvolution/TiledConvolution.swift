import Dispatch
import Pixels

/// What an optical system does to a scene, and its transpose: `H x = sum over tiles of psf_k * (window_k x)`.
///
/// The scene is wider than the image by what the PSF can bring in from outside, so that nothing wraps round:
/// with PSFs of p x q pixels it has (width + p - 1) x (height + q - 1). Windows add up to 1: where the PSF
/// does not vary, the tiles give what one transform of the whole would. (Nagy & O'Leary 1998, SIAM J. Sci.
/// Comput. 19, 1063.)
struct TiledConvolution: Sendable {
  /// Shape of the scene.
  let width: Int
  let height: Int
  /// Shape of the image.
  let imageWidth: Int
  let imageHeight: Int
  /// The scene's pixel that lies under the image's first.
  let marginX: Int
  let marginY: Int
  private let columns: TileAxis
  private let rows: TileAxis
  private let psfWidth: Int
  private let psfHeight: Int
  private let transform: TransformPair
  /// One for each tile, or one for all.
  private let spectra: [Spectrum]

  /// - Throws: `fftw-plan`.
  init(imageWidth: Int, imageHeight: Int, psf: PointSpread, tile: Int) throws(DeconvolutionError) {
    self.imageWidth = imageWidth
    self.imageHeight = imageHeight
    (psfWidth, psfHeight) = (psf.width, psf.height)
    (width, height) = (imageWidth + psfWidth - 1, imageHeight + psfHeight - 1)
    (marginX, marginY) = (psfWidth - 1 - psfWidth / 2, psfHeight - 1 - psfHeight / 2)
    // Tiles of every second column and row write at once: a tile, less its overlap, must be longer than the
    // PSF.
    let least = max(tile, 2 * max(psfWidth, psfHeight) + 2)
    let overlap = psf.varies ? least / 2 : 0
    let columns = TileAxis(length: width, least: least, overlap: overlap)
    let rows = TileAxis(length: height, least: least, overlap: overlap)
    let transform = try TransformPair(
      width: TransformPair.goodLength(atLeast: columns.longest + psfWidth - 1),
      height: TransformPair.goodLength(atLeast: rows.longest + psfHeight - 1))
    (self.columns, self.rows, self.transform) = (columns, rows, transform)
    let tiles = psf.varies ? columns.count * rows.count : 1
    let margin = (Double(marginX), Double(marginY))
    spectra = (0..<tiles).map { k in
      let place = PointSpread.Place(
        x: columns.middle(of: k % columns.count) - margin.0, y: rows.middle(of: k / columns.count) - margin.1)
      return Spectrum(psf.kernel(at: place), transform)
    }
  }

  /// The image of a scene.
  func apply(_ scene: Plane<Float>) -> Plane<Float> {
    var image = Self.zeros(imageWidth, imageHeight)
    run(from: scene, into: &image) { tile, scratch, scene, image in
      let reach = reach(of: tile)
      tile.gather(scene, width, from: tile.area, into: scratch, transform, windowed: true)
      spectrum(of: tile).filter(scratch, transform, isTransposed: false)
      tile.add(scratch, transform, to: image, imageWidth, at: reach, windowed: false)
    }
    return image
  }

  /// The transpose: an image spread back over the scene.
  func applyTransposed(_ image: Plane<Float>) -> Plane<Float> {
    var scene = Self.zeros(width, height)
    run(from: image, into: &scene) { tile, scratch, image, scene in
      tile.gather(image, imageWidth, from: reach(of: tile), into: scratch, transform, windowed: false)
      spectrum(of: tile).filter(scratch, transform, isTransposed: true)
      tile.add(scratch, transform, to: scene, width, at: tile.area, windowed: true)
    }
    return scene
  }

  private static func zeros(_ width: Int, _ height: Int) -> Plane<Float> {
    Plane(uninitializedWidth: width, height: height) { $0.initialize(repeating: 0) }
  }

  private typealias Body =
    @Sendable (
      ConvolutionTile, Scratch, UnsafePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void

  /// All tiles, those of one colour of a 2 x 2 board at once: what they write lies apart, and sums come in
  /// one order.
  private func run(from source: Plane<Float>, into target: inout Plane<Float>, _ body: Body) {
    source.withUnsafeBuffer { source in
      target.withUnsafeMutableBuffer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        nonisolated(unsafe) let (from, to) = (source, target)
        for color in 0..<4 {
          let tiles = tiles(of: color)
          DispatchQueue.concurrentPerform(iterations: tiles.count) { k in
            transform.withScratch { body(tiles[k], $0, from, to) }
          }
        }
      }
    }
  }

  private func tiles(of color: Int) -> [ConvolutionTile] {
    stride(from: color / 2, to: rows.count, by: 2).flatMap { row in
      stride(from: color % 2, to: columns.count, by: 2).map { column in
        ConvolutionTile(
          number: row * columns.count + column, columns: columns.pixels(of: column),
          rows: rows.pixels(of: row),
          windowX: columns.window(of: column), windowY: rows.window(of: row))
      }
    }
  }

  private func spectrum(of tile: ConvolutionTile) -> Spectrum { spectra[spectra.count > 1 ? tile.number : 0] }

  /// What of the image a tile of the scene reaches, and where that begins as seen from the tile's first
  /// pixel.
  private func reach(of tile: ConvolutionTile) -> ConvolutionTile.Area {
    let x0 = tile.area.x.lowerBound - marginX
    let y0 = tile.area.y.lowerBound - marginY
    let left = x0 - psfWidth / 2
    let bottom = y0 - psfHeight / 2
    return ConvolutionTile.Area(
      x: Self.clipped(left..<left + tile.area.x.count + psfWidth - 1, imageWidth),
      y: Self.clipped(bottom..<bottom + tile.area.y.count + psfHeight - 1, imageHeight), originX: x0,
      originY: y0)
  }

  private static func clipped(_ range: Range<Int>, _ length: Int) -> Range<Int> {
    range.clamped(to: 0..<length)
  }
}
