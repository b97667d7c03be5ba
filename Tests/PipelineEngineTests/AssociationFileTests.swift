import Foundation
import Glibc
import JobContract
import PipelineEngine
import Testing

/// The exchange form of associations, against files that `asn_from_list` of jwst 1.18.1 made.
@Suite struct AssociationFileTests {
  private func golden(_ name: String) throws -> (path: String, text: String) {
    let path = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Golden/jwst/" + name).path
    return (path, try String(contentsOfFile: path, encoding: .utf8))
  }

  @Test func whatWeWriteIsWhatJWSTWrites() throws {
    let theirs = try golden("level3_asn.json")
    let read = try JSONDecoder().decode(AssociationFile.self, from: Data(theirs.text.utf8))
    #expect(read.asnRule == "DMS_Level3_Base" && read.versionID == nil && read.asnID == "a3001")
    #expect(read.products[0].members.map(\.expname) == ["a_cal.fits", "b_cal.fits", "c_cal.fits"])
    #expect(read.json == theirs.text + "\n")
  }

  @Test func theirsLoadWithTheirMembersBesideThem() throws {
    let folder = try TestFolder()
    for name in ["sci_sci.fits", "sky_cal.fits"] { try folder.write(name, "") }
    let path = try folder.write("asn.json", try golden("level2_asn.json").text)
    let group = try InputList(arguments: [path], intake: .exposure).groups[0]
    #expect(group.product == "sci_sci" && group.rule == "DMSLevel2bBase" && group.pool == "none")
    #expect(group.members.map(\.exptype) == [.science, .background])
    #expect(group.members[1].path == folder.path + "/sky_cal.fits")
    #expect(group.notes == [])
  }

  @Test func textIsEscapedAndReadBack() throws {
    var file = AssociationFile(products: [
      .init(name: "a\"b\\\n", members: []), .init(name: "é😀", members: []),
    ])
    file.versionID = "1"
    #expect(file.json.utf8.allSatisfy { $0 < 128 })
    #expect(file.json.contains(#""members": []"#))
    let back = try JSONDecoder().decode(AssociationFile.self, from: Data(file.json.utf8))
    #expect(back.products == file.products && back.versionID == "1")
    #expect(back.degradedStatus == AssociationFile.notDegraded)
  }

  @Test func aThousandMembersAreReadInUnderASecond() throws {
    let folder = try TestFolder()
    let members = (0..<1000).map {
      AssociationFile.Member(expname: "f\($0).fits", exptype: $0 == 0 ? .science : .background)
    }
    for member in members { try folder.write(member.expname, "") }
    let path = try folder.write(
      "asn.json", AssociationFile(products: [.init(name: "p", members: members)]).json)
    var list: InputList?
    let time = try processorSeconds { list = try InputList(arguments: [path], intake: .exposure) }
    #expect(list?.groups[0].members.count == 1000)
    #expect(time < 1, "\(time) s")
  }

  /// Processor time of this thread while `work` runs, seconds: other tests on the same cores do not count.
  private func processorSeconds(_ work: () throws -> Void) rethrows -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let start = now()
    try work()
    return now() - start
  }
}
