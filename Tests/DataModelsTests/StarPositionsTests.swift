import DataModels
import FITSIO
import Foundation
import Testing

/// Catalogs of stars as people and programs write them.
@Suite struct StarPositionsTests {
  private func table(_ columns: [TableColumn]) throws -> String {
    let path = NSTemporaryDirectory() + "/irisarchive-stars-\(UUID().uuidString).fits"
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(Header())
    try writer.appendTable(Header(), name: "STARS", columns: columns)
    _ = try writer.commit()
    return path
  }

  /// Positions out of range are left out.
  @Test func tablesAreRead() throws {
    let path = try table([
      TableColumn("ra", .doubles([10, 20, .nan, 40])), TableColumn("Dec", .doubles([-5, 95, 0, 7])),
    ])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let stars = try StarPositions(path: path)
    #expect(stars.ra == [10, 40] && stars.dec == [-5, 7])
  }

  /// A column of several numbers a row is no position, on either side.
  @Test(arguments: [true, false]) func vectorsAreNoPositions(_ isRA: Bool) throws {
    let (one, two) = ([1.0, 2], [1.0, 2, 3, 4])
    let path = try table([
      TableColumn("RA", .doubles(isRA ? two : one), elementsPerRow: isRA ? 2 : 1),
      TableColumn("DEC", .doubles(isRA ? one : two), elementsPerRow: isRA ? 1 : 2),
    ])
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect { try StarPositions(path: path) } throws: { ($0 as? ModelError)?.code == "no-star-columns" }
  }

  /// Rows are counted as an editor counts lines, empty ones too.
  @Test func textNamesTheLine() throws {
    let path = NSTemporaryDirectory() + "/irisarchive-stars-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("# stars\n\nRA,DEC\n1,2\n\n3\n".utf8).write(to: URL(fileURLWithPath: path))
    #expect { try StarPositions(path: path) } throws: {
      let error = $0 as? ModelError
      return error?.code == "uneven-row" && error?.subject.hasSuffix("row 6") == true
    }
  }
}
