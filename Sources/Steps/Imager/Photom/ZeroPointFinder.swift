import Foundation
import PipelineEngine

/// Why a frame has no zero point.
struct NoZeroPoint: Error {
  let reason: String
}

/// Finds the zero point of a frame: the parameter, else the reference `photom`, else the frame's own header.
struct ZeroPointFinder {
  let context: StepContext

  /// - Throws: what a reference that cannot be read throws, `photom-columns` of one that lacks a column.
  func zeroPoint(for frame: Frame) throws -> Result<ZeroPoint, NoZeroPoint> {
    let name = frame.member.name
    if frame.unit == "MJy/sr" { return .failure(NoZeroPoint(reason: "\(name) is in MJy/sr already")) }
    guard ["adu/s", "electron/s"].contains(frame.unit) else {
      return .failure(NoZeroPoint(reason: "\(name) is in '\(frame.unit)', which is no rate"))
    }
    if let own = parameter(for: frame) { return .success(own) }
    if let reference = try context.referenceTable("photom") {
      return try row(of: reference, for: frame).flatMap { inUnit(of: frame, $0) }
    }
    if let header = header(of: frame) { return .success(header) }
    let why = context.resolved("photom").reason.map { " (\($0))" } ?? ""
    return .failure(
      NoZeroPoint(
        reason: "there is no photom reference\(why), no zero_point and no ZPAB in the header of \(name)"))
  }

  private func offset(for frame: Frame) -> Double? {
    context.parameters.number("ab_vega") ?? frame.photometricBand?.abMinusVega
  }

  /// It counts in the unit that the frame is in.
  private func parameter(for frame: Frame) -> ZeroPoint? {
    guard let value = context.parameters.number("zero_point") else { return nil }
    let isVega = context.parameters.string("system") == "Vega"
    let offset = offset(for: frame)
    guard let ab = isVega ? offset.map({ value + $0 }) : value else {
      context.degrade(
        "zero_point is in Vega magnitudes, and AB - Vega of FILTER \(frame.metadata.filter ?? "?") is not known: "
          + "set photom.ab_vega")
      return nil
    }
    return ZeroPoint(
      ab: ab, vega: isVega ? value : offset.map { value - $0 },
      error: context.parameters.number("zero_point_error") ?? 0,
      extinction: context.parameters.number("extinction") ?? 0, unit: frame.unit, source: "zero_point")
  }

  /// The header's own is that of the frame at its airmass.
  private func header(of frame: Frame) -> ZeroPoint? {
    guard var own = frame.zeroPoint else { return nil }
    own.vega = own.vega ?? offset(for: frame).map { own.ab - $0 }
    return own
  }

  // MARK: the reference

  private func row(
    of reference: StepContext.ReferenceTable, for frame: Frame
  ) throws -> Result<ZeroPoint, NoZeroPoint> {
    guard let zeroPoints = numbers(reference, "ZPAB"), !zeroPoints.isEmpty else {
      throw EngineError(
        "photom-columns", "the photom reference has no column ZPAB of one number a row",
        subject: reference.name)
    }
    guard let i = index(in: reference, for: frame) else {
      return .failure(
        NoZeroPoint(reason: "\(reference.name) has no zero point of FILTER \(frame.metadata.filter ?? "?")"))
    }
    func number(_ column: String) -> Double? {
      numbers(reference, column).flatMap { $0[i].isFinite ? $0[i] : nil }
    }
    guard zeroPoints[i].isFinite else {
      return .failure(NoZeroPoint(reason: "the zero point in \(reference.name) is no number"))
    }
    judge(reference, i, frame, airmass: number("AIRMASS"))
    let ab = zeroPoints[i]
    return .success(
      ZeroPoint(
        ab: ab, vega: number("ZPVEGA") ?? offset(for: frame).map { ab - $0 }, error: number("ZPERR") ?? 0,
        extinction: context.parameters.number("extinction") ?? number("EXTINCT") ?? 0,
        unit: text(reference, "ZPUNIT", i) ?? "adu/s", source: reference.name))
  }

  private func text(_ reference: StepContext.ReferenceTable, _ column: String, _ i: Int) -> String? {
    guard let texts = reference.table[column]?.strings, texts.count == reference.table.rowCount else {
      return nil
    }
    return texts[i].isEmpty ? nil : texts[i]
  }

  /// A column of one number in each row; a file may say anything.
  private func numbers(_ reference: StepContext.ReferenceTable, _ column: String) -> [Double]? {
    reference.table[column]?.doubles.flatMap { $0.count == reference.table.rowCount ? $0 : nil }
  }

  /// The row of the frame's filter and pupil, else of its filter, else the only one.
  private func index(in reference: StepContext.ReferenceTable, for frame: Frame) -> Int? {
    let rows = 0..<reference.table.rowCount
    let ofFilter = rows.filter { text(reference, "FILTER", $0) == frame.metadata.filter }
    if let exact = ofFilter.first(where: { text(reference, "PUPIL", $0) == frame.metadata.pupil }) {
      return exact
    }
    if let near = ofFilter.first {
      if let pupil = text(reference, "PUPIL", near), let own = frame.metadata.pupil {
        context.degrade("the zero point is of PUPIL \(pupil), \(frame.member.name) of \(own)")
      }
      return near
    }
    guard rows.count == 1 else { return nil }
    context.degrade(
      "the zero point is of FILTER \(text(reference, "FILTER", 0) ?? "?"), \(frame.member.name) of "
        + (frame.metadata.filter ?? "?"))
    return 0
  }

  /// A standard of another time or another airmass is worth less.
  private func judge(
    _ reference: StepContext.ReferenceTable, _ i: Int, _ frame: Frame, airmass: Double?
  ) {
    let limit = context.parameters.number("max_age") ?? 12
    let taken = numbers(reference, "MJD").flatMap { $0[i].isFinite ? $0[i] : nil }
    if let taken, let own = frame.modifiedJulianDate {
      let hours = abs(own - taken) * 24
      if hours > limit {
        context.degrade("the standard of the zero point is \(hours.tenths) h from \(frame.member.name)")
      }
    }
    let apart = context.parameters.number("max_airmass_difference") ?? 0.2
    if let airmass, let own = frame.metadata.airmass, abs(airmass - own) > apart {
      context.degrade(
        "the standard of the zero point was at airmass \(airmass.hundredths), \(frame.member.name) at "
          + own.hundredths)
    }
  }

  /// A zero point for adu/s serves electron/s where the header says what gain was applied.
  private func inUnit(of frame: Frame, _ zeroPoint: ZeroPoint) -> Result<ZeroPoint, NoZeroPoint> {
    if let own = zeroPoint.inUnit(frame.unit, gain: frame.header.double("GAINFACT")) { return .success(own) }
    return .failure(
      NoZeroPoint(
        reason: "the zero point is for \(zeroPoint.unit), \(frame.member.name) is in \(frame.unit)"))
  }
}

extension Double {
  /// With one place after the point.
  var tenths: String { "\((self * 10).rounded() / 10)" }
  /// With three places after the point.
  var thousandths: String { "\((self * 1000).rounded() / 1000)" }
  /// With two places after the point.
  var hundredths: String { "\((self * 100).rounded() / 100)" }
}
