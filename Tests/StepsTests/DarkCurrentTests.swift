import Pixels
import SharedSteps
import Testing

@Suite struct DarkCurrentTests {
  /// value - s d and sqrt(e² + s² e_d²), to float rounding, for shares of every kind.
  @Test(arguments: [Float(1), 0.25, 0, -1])
  func quadratureToSixDigits(_ share: Float) {
    let count = 5000
    var science = Measured(width: count, height: 1)
    var dark = Measured(width: count, height: 1)
    for i in 0..<count {
      science.value[i, 0] = Float(i) * 0.37
      science.error[i, 0] = 1 + Float(i % 13)
      dark.value[i, 0] = Float(i % 101) * 0.11
      dark.error[i, 0] = Float(i % 7)
    }
    let before = science
    subtractDark(dark, share: share, from: &science)
    for i in 0..<count {
      let value = Double(before.value[i, 0]) - Double(share) * Double(dark.value[i, 0])
      let variance =
        Double(before.error[i, 0] * before.error[i, 0])
        + Double(share) * Double(share) * Double(dark.error[i, 0]) * Double(dark.error[i, 0])
      #expect(abs(Double(science.value[i, 0]) - value) <= 1e-6 * max(1, abs(value)) * 4)
      #expect(abs(Double(science.error[i, 0]) - variance.squareRoot()) <= 1e-6 * variance.squareRoot())
    }
  }

  @Test func unknownDarksAndErrorsAreFlagged() {
    var science = Measured(width: 2, height: 1, repeating: 10, error: 1)
    var dark = Measured(width: 2, height: 1, repeating: 1, error: 1)
    dark.value[0, 0] = .nan
    dark.error[1, 0] = .nan
    dark.quality[1, 0] = DQ.hot
    subtractDark(dark, share: 1, from: &science)
    #expect(science.value.elements == [10, 9])
    #expect(science.error.elements == [1, 1])
    #expect(science.quality.elements == [DQ.unreliableDark, DQ.hot | DQ.unreliableError])
  }

  @Test func whatIsNotFiniteInTheScienceIsExcluded() {
    var science = Measured(width: 4, height: 1, repeating: 10, error: 1)
    (science.value[0, 0], science.value[1, 0]) = (.nan, .infinity)
    science.error[2, 0] = .nan
    subtractDark(Measured(width: 4, height: 1, repeating: 1, error: 0), share: 1, from: &science)
    #expect(science.value[0, 0].isNaN && science.value[1, 0].isNaN)
    #expect(science.quality.elements == [DQ.doNotUse, DQ.doNotUse, DQ.unreliableError, 0])
  }
}
