import CCFITSIO
import Foundation

/// The good files that mutants are made of: frames of the simulator, and the same packed by CFITSIO.
enum MutationSeeds {
  static func make() async throws -> [FITSMutator.Seed] {
    var seeds: [FITSMutator.Seed] = []
    let classes: [(String, [String])] = [
      ("IMG1-DRK", ["--exptime", "10", "--readmode", "CDS"]), ("IMG1-NFF", ["--exptime", "10"]),
      ("IMG1-SCI", []), ("IMG1-SCI", ["--level", "0"]), ("LEN-SPX", []), ("LEN-SCI", []), ("SLI-SKY", []),
      ("IMG1-TEL", ["--science-only"]),
    ]
    for (index, (obsname, options)) in classes.enumerated() {
      let path = try await Frames.make(
        "seed\(index)", obsname, ["--detector-size", "16"] + options + ["--start", Frames.start(index)])
      seeds.append(.init(name: "\(obsname)#\(index)", bytes: try read(path)))
      if ["IMG1-DRK", "IMG1-SCI"].contains(obsname) {
        seeds.append(.init(name: "\(obsname)#\(index)", bytes: try read(path), staysReducible: true))
      }
      for (name, code) in [("rice", RICE_1), ("gzip", GZIP_2), ("hcompress", HCOMPRESS_1)] where index < 3 {
        let packed = Workspace.name("packed-\(name)") + ".fits"
        try compress(path, to: packed, code)
        seeds.append(.init(name: "\(obsname) \(name)", bytes: try read(packed)))
        if index != 1 {
          seeds.append(.init(name: "\(obsname) \(name)", bytes: try read(packed), staysReducible: true))
        }
      }
    }
    return seeds
  }

  private static func read(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Packs every image of a file in tiles.
  private static func compress(_ path: String, to target: String, _ code: Int32) throws {
    var (input, output): (UnsafeMutablePointer<fitsfile>?, UnsafeMutablePointer<fitsfile>?)
    var (status, count, type, axes): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    ffdkopn(&input, path, READONLY, &status)
    ffdkinit(&output, target, &status)
    ffthdu(input, &count, &status)
    fits_set_compression_type(output, code, &status)
    for hdu in 1...max(1, count) {
      ffmahd(input, hdu, &type, &status)
      ffgidm(input, &axes, &status)
      if type == IMAGE_HDU && axes > 0 {
        fits_img_compress(input, output, &status)
      } else {
        ffcopy(input, output, 0, &status)
      }
    }
    var ignored: Int32 = 0
    ffclos(input, &ignored)
    ffclos(output, &status)
    guard status == 0 else {
      throw CommandFailed(description: "CFITSIO could not pack \(path): status \(status)")
    }
  }
}
