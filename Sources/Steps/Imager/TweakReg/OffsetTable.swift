import Astrometry
import DataModels
import PipelineEngine

/// Where frames lie on the first one, from a text file with columns `name, dx, dy` and perhaps `dtheta`.
struct OffsetTable {
  /// The map of a frame's FITS pixels to those of the first frame.
  private let maps: [String: (dx: Double, dy: Double, turn: Double)]

  /// - Throws: `offsets-format` without the columns or with a name twice, `offsets-frames` when rows and
  ///   frames differ; what reading throws.
  init(path: String, frames: [Frame]) throws {
    let rows = try DelimitedRows(path: path)
    guard let names = rows.column("name"), let dx = try rows.numbers("dx"), let dy = try rows.numbers("dy")
    else {
      throw EngineError(
        "offsets-format", "the columns are \(rows.names.joined(separator: ", "))", subject: path,
        hint: "a head line 'name,dx,dy' or 'name,dx,dy,dtheta', then one row for each frame")
    }
    guard Set(names).count == names.count else {
      throw EngineError("offsets-format", "a frame is named twice", subject: path)
    }
    let turns = try rows.numbers("dtheta") ?? [Double](repeating: 0, count: names.count)
    let wanted = frames.map(\.member.name)
    guard names.count == wanted.count, Set(names) == Set(wanted) else {
      let lack = wanted.filter { !names.contains($0) } + names.filter { !wanted.contains($0) }
      throw EngineError(
        "offsets-frames",
        "\(names.count) rows for \(wanted.count) frames; only on one side: \(lack.joined(separator: ", "))",
        subject: path)
    }
    maps = Dictionary(uniqueKeysWithValues: names.indices.map { (names[$0], (dx[$0], dy[$0], turns[$0])) })
  }

  /// The map of `frame`'s pixels to the first frame's: a turn about the frame's middle, then the shift.
  func map(of frame: Frame) -> PlaneTransform {
    guard let row = maps[frame.member.name] else { return .identity }
    let middle = PixelPosition(x: Double(frame.width + 1) / 2, y: Double(frame.height + 1) / 2)
    return PlaneTransform.turn(degrees: row.turn, about: middle).then(PlaneTransform(s: row.dx, t: row.dy))
  }
}
