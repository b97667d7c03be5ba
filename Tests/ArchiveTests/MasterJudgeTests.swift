import Archive
import Testing

@Suite struct MasterJudgeTests {
  private let judge = MasterJudge()

  private func fault(_ change: [String: Double]) -> String? {
    let good = [
      "median": 0.11, "flagged_fraction": 0.01, "compared_fraction_off": 0.002, "compared_level": 0.1,
      "compared_level_difference": 0.01, "compared_level_error": 0.0001, "compared_noise_ratio": 1.1,
    ]
    return judge.fault(quality: good.merging(change) { $1 }, previous: "tmt_iris_dark_0003.fits")
  }

  @Test func aMasterLikeTheOneInUseIsGood() {
    #expect(fault([:]) == nil)
    #expect(judge.fault(quality: ["median": 1], previous: nil) == nil, "the first has nothing to be like")
  }

  @Test func eachFaultSaysWhatAndComparedWithWhat() {
    let end = "compared with tmt_iris_dark_0003.fits"
    #expect(
      fault(["compared_fraction_off": 0.1234])
        == "12.3 % of its pixels are off by more than 6 sigma, it may be 5 %: " + end)
    #expect(
      fault(["median": 0.3, "compared_level_difference": 0.2])
        == "its level is 0.3 instead of 0.1, it may change by 20 %: " + end)
    #expect(
      fault(["compared_noise_ratio": 1.6])
        == "its noise per frame is 1.6 times as large, it may be 1.5 times: " + end)
    let all = fault([
      "compared_fraction_off": 1, "compared_level_difference": -9, "compared_noise_ratio": 99,
    ])
    for word in ["100 %", "level", "99 times"] { #expect(all?.contains(word) == true, "\(word)") }
  }

  @Test func limitsThemselvesAreGood() {
    #expect(fault(["compared_fraction_off": 0.05, "compared_noise_ratio": 1.5]) == nil)
    #expect(fault(["compared_level_difference": -0.02]) == nil)
    #expect(fault(["compared_level_difference": -0.0201]) != nil)
  }

  /// A dark of level 0 within its noise: a difference three times the level is chance.
  @Test func chanceIsNoFault() {
    #expect(fault(["compared_level_difference": 0.3, "compared_level_error": 0.06]) == nil)
    #expect(fault(["compared_level_difference": 0.37, "compared_level_error": 0.06]) != nil)
  }

  @Test func levelsAreComparedWithTheLargerOne() {
    #expect(fault(["compared_level_difference": 0.0249]) == nil)
    #expect(fault(["compared_level_difference": 0.0251]) != nil)
    // From nothing to something is a change of 1, and more than 2 there is not.
    let lit = [
      "median": 5, "compared_level": 0, "compared_level_difference": 5, "compared_level_error": 0.01,
    ]
    #expect(judge.fault(quality: lit, previous: "x")?.hasPrefix("its level is 5 instead of 0,") == true)
    #expect(MasterJudge(levelChange: 2).fault(quality: lit, previous: "x") == nil)
  }

  @Test func lessNoiseIsNoFault() { #expect(fault(["compared_noise_ratio": 0.1]) == nil) }

  @Test func flagsAndLevelsOfItsOwnCountFirst() {
    #expect(fault(["flagged_fraction": 0.6]) == "60 % of its pixels are flagged, more than 50 %")
    #expect(judge.fault(quality: [:], previous: nil) == "its median is not a number")
    let strict = MasterJudge(flaggedFraction: 0.005)
    #expect(strict.fault(quality: ["median": 1, "flagged_fraction": 0.01], previous: nil) != nil)
  }

  @Test func eachKindIsJudgedByItsOwnNumbers() {
    let judge = MasterJudge()
    let zero = ["zero_point_ab": 27.1, "zero_point_error": 0.02]
    #expect(judge.fault(kind: "photom", quality: zero, previous: nil) == nil)
    let poor = zero.merging(["zero_point_error": 0.25]) { $1 }
    #expect(
      judge.fault(kind: "photom", quality: poor, previous: nil) == "its error is 0.25 mag, it may be 0.1")
    for bad in [["zero_point_ab": 27.1], ["zero_point_ab": .nan, "zero_point_error": 0.02], [:]] {
      #expect(judge.fault(kind: "photom", quality: bad, previous: nil) == "its zero point is not a number")
    }
    #expect(judge.fault(kind: "distortion", quality: ["distortion_rms": 0.003], previous: nil) == nil)
    #expect(judge.fault(kind: "distortion", quality: [:], previous: nil) != nil)
    #expect(judge.fault(kind: "dark", quality: zero, previous: nil) == "its median is not a number")
  }
}
