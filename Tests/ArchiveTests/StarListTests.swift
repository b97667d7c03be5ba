import Archive
import DataModels
import Foundation
import Testing

/// The daemon reads the list of stars like the step that is given it.
@Suite final class StarListTests {
  private let folder = "/dev/shm/star-list-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static let texts = [
    "name,mag\na,1\n", "# remark\nname,mag\na,1\n", "  # a, b, c\nname,mag\n a , 1 \n",
    "\"#\",x,y\nname,mag\na,1",
    "name,mag\r\na,1\r\n", "name,mag\na\n", "name,mag\na,1,2\n", "name,mag\n\n \t\na,1\n", "name,mag\n,\n",
    "",
    "# only a remark\n", "name,mag\n", "Name , MAG\n\"A\",\"1\"\n", "name,mag\na,1\n,\nb\n",
    "name,mag\na,1\n#,b\n",
  ]

  /// What `DelimitedRows`, by which the step reads it, takes and refuses.
  @Test(arguments: Self.texts)
  func itIsReadLikeTheStepReadsIt(_ text: String) throws {
    let path = folder + "/list.csv"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let list = StarList(path: path)
    let rows: DelimitedRows
    do throws(ModelError) {
      rows = try DelimitedRows(path: path)
    } catch {
      #expect(list.fault != nil || list.rows.isEmpty, "\(error)")
      return
    }
    let names = try #require(rows.column("name"))
    #expect(list.rows.map(\.name) == names.map { $0.lowercased() })
    #expect(list.rows.map(\.line) == rows.rows.map { $0.joined(separator: ",").lowercased() })
    let magnitudes = try? rows.numbers("mag")
    #expect((list.fault == nil) == (magnitudes != nil))
  }
}
