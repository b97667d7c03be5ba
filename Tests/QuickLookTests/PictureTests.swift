import Foundation
import Pixels
import QuickLook
import Testing

@Suite struct PictureTests {
  private let caption = QuickLookPicture.Caption(
    fileName: "x_cal.fits", unit: "adu/s", software: "irisarchive 0 µ")

  @Test func theFirstRowIsAtTheBottomAndBadPixelsAreTransparent() throws {
    let value = Plane<Float>(width: 3, height: 2, elements: [0, 50, 100, -10, .nan, 200])
    var quality = Plane<UInt32>(width: 3, height: 2, repeating: DQ.hot)
    quality[0, 0] = DQ.doNotUse | DQ.dead
    let picture = QuickLookPicture(scale: .range(DisplayLimits(low: 0, high: 100)))
    let png = try DecodedPNG(try picture.png(of: value, quality: quality, caption: caption))
    #expect(png.width == 3 && png.height == 2)
    #expect(png.rows == [[1, 0, 255], [0, 128, 255]])
    #expect(png.transparentGrey == 0)
    let texts = [
      "Title": "x_cal.fits", "Software": "irisarchive 0 ?", "Scale": "range", "Low": "0.0", "High": "100.0",
      "Unit": "adu/s", "Binning": "1",
    ]
    #expect(png.texts == texts)
  }

  @Test func bigImagesAreMeansOfTheirGoodPixels() throws {
    // 2.5 x 2 bins of 2: the last column of bins holds one column of pixels.
    let value = Plane<Float>(
      width: 5, height: 4,
      elements: [0, 10, 20, 30, 40, 20, 30, .nan, .infinity, 80, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7])
    var quality = Plane<UInt32>(width: 5, height: 4, repeating: 0)
    for x in 2...3 { for y in 2...3 { quality[x, y] = DQ.doNotUse } }
    let scale = QuickLookPicture.Scale.range(DisplayLimits(low: 0, high: 254))
    let png = try DecodedPNG(
      try QuickLookPicture(scale: scale, side: 3).png(of: value, quality: quality, caption: caption))
    #expect(png.rows == [[8, 0, 8], [16, 26, 61]])
    #expect(png.texts["Binning"] == "2")
  }

  /// The sample is taken of the whole image, not of its bins: limits are those of ``ZScale`` on the flat array.
  @Test(arguments: [false, true]) func zscaleSeesEveryGoodPixel(withHoles: Bool) throws {
    let (width, height) = (301, 97)
    var values: [Float] = (0..<width * height).map { i in
      let ramp = Float(i * 7919 % 1009) * 0.01
      return i * 31 % 211 == 0 ? ramp + 500 : ramp
    }
    var quality = Plane<UInt32>(width: width, height: height, repeating: 0)
    if withHoles {
      quality.withUnsafeMutableBuffer { flags in
        for i in flags.indices where (i &* 13) % 17 == 0 || i / width == 40 {
          if i % 2 == 0 { flags[i] = DQ.doNotUse } else { values[i] = .nan }
        }
      }
    }
    let image = Plane<Float>(width: width, height: height, elements: values)
    let visible: [Float] = zip(values, quality.elements).map { value, flags in
      flags & DQ.doNotUse == 0 ? value : Float.nan
    }
    let wanted = try #require(ZScale().limits(of: visible))
    let png = try DecodedPNG(
      try QuickLookPicture(side: 64).png(of: image, quality: quality, caption: caption))
    #expect(png.texts["Low"] == "\(Float(wanted.low))")
    #expect(png.texts["High"] == "\(Float(wanted.high))")
    #expect(png.width == 61 && png.height == 20)
  }

  @Test func oneValueIsMidGreyAndNothingIsTransparent() throws {
    let one = Plane<Float>(width: 4, height: 1, repeating: 3)
    #expect(try DecodedPNG(QuickLookPicture().png(of: one, caption: caption)).rows == [[128, 128, 128, 128]])
    let none = Plane<Float>(width: 2, height: 2, repeating: .nan)
    let png = try DecodedPNG(QuickLookPicture().png(of: none, caption: caption))
    #expect(png.rows == [[0, 0], [0, 0]])
    #expect(png.texts["Low"] == nil)
  }

  @Test func whatCannotBeDrawnIsSaid() {
    let falling = QuickLookPicture(scale: .range(DisplayLimits(low: 2, high: 1)))
    let image = Plane<Float>(width: 1, height: 1, repeating: 0)
    #expect(throws: QuickLookError.self) { try falling.png(of: image, caption: caption) }
    let empty = Plane<Float>(width: 0, height: 0, repeating: 0)
    #expect(throws: QuickLookError.self) { try QuickLookPicture().png(of: empty, caption: caption) }
  }
}
