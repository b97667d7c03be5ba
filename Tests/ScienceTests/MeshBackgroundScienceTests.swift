import DataModels
import Foundation
import JobContract
import PipelineEngine
import Pixels
import SharedSteps
import Simulator
import Testing

/// The mesh background of a flat-fielded frame with stars against the sky that was put in.
@Suite struct MeshBackgroundScienceTests {
  /// A sky of 100 adu/s that changes by a few percent over the frame.
  private static func sky(_ x: Int, _ y: Int) -> Double {
    100 * (1 + 0.02 * Double(x) / 256 + 0.01 * sin(Double(y) / 80))
  }

  /// The sky is found within 0.1 %, and what is left are the stars, within the errors of the frame.
  @Test(arguments: ["sep", "biweight", "sextractor", "median"])
  func skyIsFoundBesideTheStars(method: String) throws {
    let skies = try DitheredSkies(seed: 11, starCount: 60)
    let light = skies.starlight(offset: (0, 0))
    var random = RandomStream(12)
    var (value, error) = (light, light)
    for y in 0..<DitheredSkies.size {
      for x in 0..<DitheredSkies.size {
        let truth = Self.sky(x, y) + Double(light[x, y])
        let sigma = DitheredSkies.variance(truth).squareRoot()
        value[x, y] = Float(truth + sigma * normalDeviate(&random))
        error[x, y] = Float(sigma)
      }
    }
    let file = try skies.save("field.fits", value, error, unit: "adu/s", isDarkFree: true)
    let (product, report) = try skies.run(
      Pipeline(running: Background2DStep.self), [file],
      settings: ["method": method, "save_background": "True", "box_size": "32"], extras: ["BACKGROUND"])
    let background = try #require(product.extraPlanes.first).plane
    let raw = try ImageModel(reading: file)
    #expect(product.science.elements == zip(raw.science.elements, background.elements).map { $0 - $1 })
    #expect(product.error == raw.error && product.quality == raw.quality)
    let found = try compare(product, background, light)
    print("background \(method): \(found.sky) of the sky; pulls of the rest \(found.rest)")
    #expect(abs(found.sky.mean) < 1e-3 && found.sky.sigma < 2e-3)
    #expect(abs(found.rest.mean) < 0.1 && abs(found.rest.sigma - 1) < 0.05)
    #expect(report.products[0].quality["background_level"].map { abs($0 - 101) < 1 } == true)
  }

  /// The relative error of the background, and the pulls of what is left against the starlight.
  private func compare(
    _ product: ImageModel, _ background: Plane<Float>, _ light: Plane<Float>
  ) throws -> (
    sky: (count: Int, mean: Double, sigma: Double), rest: (count: Int, mean: Double, sigma: Double)
  ) {
    var differences: [Double] = []
    for y in 0..<DitheredSkies.size {
      for x in 0..<DitheredSkies.size {
        differences.append(Double(background[x, y]) / Self.sky(x, y) - 1)
      }
    }
    return (
      PullTests.statistics(differences), PullTests.statistics(PullTests.pulls(product, truth: light))
    )
  }
}
