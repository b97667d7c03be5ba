import Foundation
import Pixels
import Testing

@Suite struct LegendreSeriesTests {
  /// P_0 … P_8 written out at a few places, and every series found again from its own values to 1e-12.
  @Test func polynomialsAndTheirFit() throws {
    let p4 = LegendreSeries(coefficients: [0, 0, 0, 0, 1], domain: -1...1)
    for x in [-1, -0.3, 0, 0.7, 1] {
      let square: Double = x * x
      let expected: Double = (35 * square * square - 30 * square + 3) / 8
      #expect(abs(p4(x) - expected) < 1e-14)
    }
    for order in 0...8 {
      let truth = LegendreSeries(
        coefficients: (0...order).map { k -> Double in (k % 2 == 0 ? 1.0 : -1.0) / Double(k + 1) },
        domain: 0...4095)
      let points = stride(from: 0.0, through: 4095.0, by: 13.0).map { x -> (x: Double, y: Double) in
        (x, truth(x))
      }
      let fit = try LegendreSeries(
        fitting: points, domain: 0...4095, options: .init(order: order, maximumIterations: 0))
      for (a, b) in zip(fit.coefficients, truth.coefficients) { #expect(abs(a - b) < 1e-12) }
    }
  }

  /// One point in ten is 30 sigma off: they are rejected, and the fit is as good as of the rest alone.
  @Test func outliersAreRejected() throws {
    var noise = Noise(seed: 5)
    let truth = LegendreSeries(coefficients: [10, 1, -2, 0.5], domain: 0...999)
    let points = (0..<1000).map { i -> (x: Double, y: Double) in
      let x = Double(i)
      return (x, truth(x) + 0.1 * noise.gaussian() + (i % 10 == 0 ? 3 : 0))
    }
    let fit = try LegendreSeries(fitting: points, domain: 0...999, options: .init(order: 3))
    // The standard error of each fitted value is about 0.1 x sqrt(4 / 900) = 0.007; 5 times that at the ends.
    for x in stride(from: 0.0, through: 999.0, by: 111.0) { #expect(abs(fit(x) - truth(x)) < 0.035) }
  }

  @Test func tooFewPointsAreAnError() {
    #expect(throws: PixelsError.self) {
      try LegendreSeries(fitting: [(0, 1), (1, 2), (2, 3)], domain: 0...2, options: .init(order: 6))
    }
    let together = Array(repeating: (x: 1.0, y: 2.0), count: 50)
    #expect(throws: PixelsError.self) {
      try LegendreSeries(fitting: together, domain: 0...2, options: .init(order: 6))
    }
  }
}
