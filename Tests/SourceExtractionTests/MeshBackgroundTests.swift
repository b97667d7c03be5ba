import CSEP
import Foundation
import Pixels
import SourceExtraction
import Testing

/// The mesh in bands against the library over the whole frame, in one thread.
@Suite struct MeshBackgroundTests {
  /// Frames with whole and with incomplete tiles, of one tile, and with masks that leave tiles without pixels.
  @Test(arguments: [(640, 700, 64), (601, 533, 50), (40, 900, 32), (900, 30, 32), (20, 20, 64)])
  func bandsMakeNoDifference(width: Int, height: Int, box: Int) throws {
    var noise = Noise(seed: 5)
    let image = noise.image(
      width, height, level: { 100 + 0.02 * Double($0) + 5 * sin(Double($1) / 90) }, sigma: 3)
    var marks = Plane<UInt8>(width: width, height: height, repeating: 0)
    for y in height / 4..<height * 3 / 4 { for x in 0..<width / 2 { marks[x, y] = 1 } }
    for filter in [1, 3, 5] {
      for mask in [nil, marks] {
        let found = try meshBackground(
          of: image, excluding: mask.map { PixelMask(nonZero: $0) },
          options: MeshOptions(boxWidth: box, boxHeight: box, filterWidth: filter, filterHeight: filter))
        let peer = try Whole(
          image, mask, boxWidth: min(box, width), boxHeight: min(box, height), filter: filter)
        #expect(found.globalLevel == peer.global && found.globalNoise == peer.globalNoise)
        #expect(farthest(found.levelImage(), peer.level) < 2e-7)
        #expect(farthest(found.noiseImage(), peer.noise) < 2e-6)
        let rest = zip(image.elements, found.levelImage().elements).map { $0 - $1 }
        #expect(found.subtracted(from: image).elements == rest)
      }
    }
  }

  @Test func notANumberIsLeftOut() throws {
    var noise = Noise(seed: 9)
    var image = noise.image(128, 128, level: { _, _ in 50 }, sigma: 1)
    for x in 0..<128 { image[x, 17] = .nan }
    let found = try meshBackground(of: image)
    #expect(abs(found.globalLevel - 50) < 0.2 && abs(found.globalNoise - 1) < 0.05)
  }

  @Test func impossibleOptionsAreRefused() {
    let image = Plane<Float>(width: 8, height: 8, repeating: 1)
    #expect(throws: SourceExtractionError.self) {
      try meshBackground(of: image, options: MeshOptions(boxWidth: 0))
    }
    #expect(throws: SourceExtractionError.self) {
      try extractSources(from: image, noise: .constant(0))
    }
  }

  private func farthest(_ a: Plane<Float>, _ b: Plane<Float>) -> Float {
    zip(a.elements, b.elements).reduce(0) { max($0, abs($1.0 - $1.1) / abs($1.1)) }
  }
}

/// The library's own background of a whole frame.
private struct Whole {
  let level: Plane<Float>
  let noise: Plane<Float>
  let global: Float
  let globalNoise: Float

  init(_ image: Plane<Float>, _ mask: Plane<UInt8>?, boxWidth: Int, boxHeight: Int, filter: Int) throws {
    let marks = mask ?? Plane(width: image.width, height: image.height, repeating: 0)
    var mesh: UnsafeMutablePointer<sep_bkg>?
    image.withUnsafeBuffer { values in
      marks.withUnsafeBuffer { marks in
        var input = sep_image()
        input.data = UnsafeRawPointer(values.baseAddress)
        input.dtype = Int32(SEP_TFLOAT)
        input.mask = mask == nil ? nil : UnsafeRawPointer(marks.baseAddress)
        input.mdtype = Int32(SEP_TBYTE)
        (input.w, input.h) = (Int32(image.width), Int32(image.height))
        _ = sep_background(&input, Int32(boxWidth), Int32(boxHeight), Int32(filter), Int32(filter), 0, &mesh)
      }
    }
    let found = try #require(mesh)
    defer { sep_bkg_free(found) }
    (global, globalNoise) = (found.pointee.global, found.pointee.globalrms)
    level = Plane(uninitializedWidth: image.width, height: image.height) {
      sep_bkg_array(found, $0.baseAddress, Int32(SEP_TFLOAT))
    }
    noise = Plane(uninitializedWidth: image.width, height: image.height) {
      sep_bkg_rmsarray(found, $0.baseAddress, Int32(SEP_TFLOAT))
    }
  }
}
