/// Judges a new master by its own numbers and by how it differs from the one in use.
package struct MasterJudge: Sendable, Equatable {
  /// More flagged pixels than this fraction and a master is not trusted with other frames.
  package var flaggedFraction: Double
  /// More pixels off by 6 combined errors from the master in use than this fraction (hot pixels come and go).
  package var fractionOff: Double
  /// A level that differs from that one's by more than this part of the larger of the two, where the difference is no
  /// chance: 0.2 lets it rise by a quarter or fall by a fifth, 2 lets it do anything.
  package var levelChange: Double
  /// Noise per frame larger by more than this part. Less noise is no fault.
  package var noiseChange: Double

  package init(
    flaggedFraction: Double = 0.5, fractionOff: Double = 0.05, levelChange: Double = 0.2,
    noiseChange: Double = 0.5
  ) {
    self.flaggedFraction = flaggedFraction
    self.fractionOff = fractionOff
    self.levelChange = levelChange
    self.noiseChange = noiseChange
  }

  /// Standard errors within which a difference of levels is chance.
  static let chance = 6.0

  /// Magnitudes by which a zero point may be uncertain.
  static let zeroPointError = 0.1

  /// A sentence about what is wrong with a master of a kind; nil when nothing is.
  ///
  /// A zero point is judged by its error (the air changes it from night to night), a distortion by being a number: its
  /// step refuses one with too few points or too large residuals.
  package func fault(kind: String, quality: [String: Double], previous: String?) -> String? {
    switch kind {
    case "photom": zeroPoint(quality)
    case "distortion":
      quality["distortion_rms"].map(\.isFinite) == true ? nil : "its residuals are not a number"
    default: fault(quality: quality, previous: previous)
    }
  }

  private func zeroPoint(_ quality: [String: Double]) -> String? {
    guard let zero = quality["zero_point_ab"], zero.isFinite, let error = quality["zero_point_error"],
      error.isFinite
    else { return "its zero point is not a number" }
    guard error > Self.zeroPointError else { return nil }
    return "its error is \(number(error)) mag, it may be \(number(Self.zeroPointError))"
  }

  /// A sentence about what is wrong with a master that is an image; nil when nothing is.
  ///
  /// - Parameters:
  ///   - quality: the numbers of the run that made it; those of the comparison are `compared_…`.
  ///   - previous: name of the master that it was compared with.
  package func fault(quality: [String: Double], previous: String?) -> String? {
    guard let median = quality["median"], median.isFinite else { return "its median is not a number" }
    if let flagged = quality["flagged_fraction"], flagged > flaggedFraction {
      return "\(percent(flagged)) of its pixels are flagged, more than \(percent(flaggedFraction))"
    }
    let faults = [off(quality), level(quality, median), noise(quality)].compactMap { $0 }
    guard !faults.isEmpty else { return nil }
    return "\(faults.joined(separator: ", and ")): compared with \(previous ?? "the master in use")"
  }

  private func off(_ quality: [String: Double]) -> String? {
    guard let off = quality["compared_fraction_off"], off > fractionOff else { return nil }
    return "\(percent(off)) of its pixels are off by more than 6 sigma, it may be \(percent(fractionOff))"
  }

  private func level(_ quality: [String: Double], _ median: Double) -> String? {
    guard let difference = quality["compared_level_difference"], let level = quality["compared_level"],
      let error = quality["compared_level_error"],
      abs(difference) > levelChange * max(abs(level), abs(level + difference)),
      abs(difference) > Self.chance * error
    else { return nil }
    return
      "its level is \(number(median)) instead of \(number(level)), it may change by \(percent(levelChange))"
  }

  private func noise(_ quality: [String: Double]) -> String? {
    guard let ratio = quality["compared_noise_ratio"], ratio > 1 + noiseChange else { return nil }
    return
      "its noise per frame is \(number(ratio)) times as large, it may be \(number(1 + noiseChange)) times"
  }

  private func percent(_ fraction: Double) -> String { "\(number(fraction * 100)) %" }

  /// Three significant digits.
  private func number(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    var scale = 1.0
    while abs(value) * scale < 100 { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int64(rounded))" : "\(rounded)"
  }
}
