import Foundation
import Testing

/// Quick-look pictures, by hand and beside the archive's products.
@Suite struct PreviewTests {
  private let signature = Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

  private func isPicture(_ path: String) -> Bool {
    FileManager.default.contents(atPath: path)?.prefix(8) == signature
  }

  @Test func byHandAPictureLiesBesideEachProductUnlessUnwanted() async throws {
    let folder = Workspace.name("preview")
    let frame = try await Frames.make("plain", "IMG1-SCI")
    let run = try await Command.succeed(
      Programs.tmtrun, ["imager_level2", frame, "-o", folder, "--report", folder + "/run.json"])
    #expect(run.out == "")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    let product = try #require(names.first { $0.hasSuffix("_cal.fits") })
    let picture = product.replacingOccurrences(of: ".fits", with: ".png")
    #expect(Set(names) == [product, picture, "run.json"])
    #expect(isPicture(folder + "/" + picture))

    let report = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: folder + "/run.json"))) as? [String: any Sendable])
    let software = try #require(report["software"] as? [String: String])
    #expect(Set(software.keys).isSuperset(of: ["irisarchive", "cfitsio", "libpng", "zlib"]))
    let products = try #require(report["products"] as? [[String: any Sendable]])
    let preview = try #require(products.first?["preview"] as? [String: any Sendable])
    #expect(preview["fileName"] as? String == picture)

    // The next version gets its own; the first stays.
    let before = FileManager.default.contents(atPath: folder + "/" + picture)
    try await Command.succeed(Programs.tmtrun, ["imager_level2", frame, "-o", folder])
    let second = picture.replacingOccurrences(of: ".png", with: "_v02.png")
    #expect(isPicture(folder + "/" + second))
    #expect(FileManager.default.contents(atPath: folder + "/" + picture) == before)
    try await Command.succeed(Programs.tmtrun, ["imager_level2", frame, "-o", folder, "--no-preview"])
    let pictures = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasSuffix(".png")
    }
    #expect(Set(pictures) == [picture, second])
  }

  @Test func previewDrawsFilesAndNeverOverOnes() async throws {
    let folder = Workspace.name("preview")
    let frame = try await Frames.make("drawn", "IMG1-SKY")
    let stem = (frame as NSString).lastPathComponent.replacingOccurrences(of: ".fits", with: "")
    let drawn = try await Command.succeed(Programs.tmtrun, ["preview", frame, "-o", folder])
    #expect(drawn.lines == ["\(folder)/\(stem).png"])
    #expect(isPicture("\(folder)/\(stem).png"))
    let first = FileManager.default.contents(atPath: "\(folder)/\(stem).png")

    let again = try await Command.run(Programs.tmtrun, ["preview", frame, "-o", folder])
    #expect(again.exit == 1)
    #expect(again.talk.hasPrefix("error: cannot write the preview: a file of this name is there already"))
    let error = ["preview", frame, "-o", folder, "--hdu", "ERR", "--range", "-1,5", "--replace"]
    try await Command.succeed(Programs.tmtrun, error)
    #expect(FileManager.default.contents(atPath: "\(folder)/\(stem).png") != first)
  }

  @Test func whatCannotBeDrawnIsSaid() async throws {
    let folder = Workspace.name("preview")
    let frame = try await Frames.make("odd", "IMG1-SKY")
    let text = folder + "-text.fits"
    try "no FITS".write(toFile: text, atomically: true, encoding: .utf8)
    for (arguments, exit) in [
      (["/absent.fits"], Int32(66)), ([text], 65), ([frame, "--hdu", "NONE"], 65),
      ([frame, "--hdu", "0"], 65),
      ([frame, "--range", "5,1"], 64), ([frame, "--range", "x"], 64), ([text, frame], 5),
    ] {
      let result = try await Command.run(Programs.tmtrun, ["preview", "-o", folder] + arguments)
      #expect(result.exit == exit, "\(arguments): \(result.talk)")
      #expect(result.talk.hasPrefix("error: "), "\(arguments): \(result.talk)")
    }
  }

  @Test func theArchiveKeepsPicturesBesideItsProducts() async throws {
    let archive = try await TestArchive(stem: "pictures")
    for path in try await Frames.darks(5) { try archive.drop(path) }
    try archive.drop(try await Frames.make("science", "IMG1-SCI", ["--start", Frames.start(9)]))
    // A file of a picture's name that nobody knows is not lost, nor in the way.
    try archive.makeFolder(archive.root + "/products/references")
    let place = archive.root + "/products/references/tmt_iris_dark_0001.png"
    try "somebody's".write(toFile: place, atomically: true, encoding: .utf8)
    #expect(try await archive.watchOnce().exit == 0)
    let products = try await archive.query().filter { $0.origin == "product" }
    #expect(products.count > 1)
    for product in products {
      let picture = (product.path ?? "").replacingOccurrences(of: ".fits", with: ".png")
      #expect(isPicture(picture), "\(picture)")
      #expect(try await archive.irisarchive("show", product.name).out.contains(picture))
    }
    let aside = "work/orphans"
    let orphans = try FileManager.default.contentsOfDirectory(atPath: "\(archive.root)/\(aside)")
    #expect(orphans.map { archive.text("\(aside)/\($0)") } == ["somebody's"])
    #expect(try await archive.irisarchive("verify", "--all").exit == 0)
    let steps = try await archive.irisarchive("show", products[0].name, "--steps", "--format", "json").out
    let shown = try #require(
      try JSONSerialization.jsonObject(with: Data(steps.utf8)) as? [String: any Sendable])
    let peaks = (shown["steps"] as? [[String: any Sendable]])?.compactMap { $0["peak_bytes"] as? Int }
    #expect(peaks?.isEmpty == false && peaks?.allSatisfy { $0 > 1 << 20 } == true, "\(steps)")
  }

  @Test func picturesCanBeSwitchedOff() async throws {
    let archive = try await TestArchive(["jobs": ["preview": "false"]], stem: "blind")
    try archive.drop(try await Frames.make("science", "IMG1-SCI"))
    #expect(try await archive.watchOnce().exit == 0)
    let files = try FileManager.default.subpathsOfDirectory(atPath: archive.root + "/products")
    #expect(files.contains { $0.hasSuffix(".fits") })
    #expect(!files.contains { $0.hasSuffix(".png") })
  }
}
