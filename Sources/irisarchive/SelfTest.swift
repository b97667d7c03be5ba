import ChildProcess
import Foundation
import Glibc

/// Reduces a tiny simulated exposure end to end, with the program that the archive uses and the rules shipped with it
/// (the archive's own references are for other detectors than this one).
///
/// The count rate that the readout pipeline fits to a simulated ramp is compared with a frame that was simulated as a
/// rate, with other noise: their difference must scatter by sqrt(2) of the fit's own error. A wrong rate, a wrong error or
/// a wrong file shows. Then the rate goes through the imager's pipeline.
struct SelfTest {
  /// sqrt(2) for perfect errors; 4096 pixels make it sure to 0.02, and the fit's error itself is an estimate.
  private static let scatter = 1.2...1.65

  let tmtrun: String
  let simulator: String

  func finding() async -> Finding {
    let scratch: ScratchFolder
    do {
      scratch = try ScratchFolder("selftest")
    } catch {
      return wrong("\(error.message), in \(error.subject)")
    }
    defer { scratch.remove() }
    let start = ContinuousClock.now
    do throws(Failed) {
      let scatter = try await reduce(in: scratch.path)
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      let (scatterText, secondsText) = (Self.short(scatter), Self.short(seconds))
      return Finding(
        "self-test", .ok,
        "a simulated ramp was reduced in \(secondsText) s; its rate is right (scatter \(scatterText) of sqrt(2) sigma)"
      )
    } catch {
      return wrong(error.sentence)
    }
  }

  private struct Failed: Error { var sentence: String }

  private func wrong(_ sentence: String) -> Finding {
    Finding(
      "self-test", .problem, sentence,
      hint: "look at the disk and at [jobs] tmtrun, or install irisarchive again")
  }

  private func reduce(in scratch: String) async throws(Failed) -> Double {
    let frame = ["frame", "--obsname", "IMG1-SCI", "--detector-size", "64"]
    _ = try await run(simulator, frame + ["--level", "0", "-o", "ramp.fits"], in: scratch)
    _ = try await run(simulator, frame + ["--expnum", "2", "-o", "expected.fits"], in: scratch)
    _ = try await run(tmtrun, ["readout", "ramp.fits", "-o", ".", "--no-preview", "-q"], in: scratch)
    let rate = "ramp_rate.fits"
    try require(rate, in: scratch)
    let scatter = try await scatter(rate, "expected.fits", in: scratch)
    guard Self.scatter.contains(scatter) else {
      throw Failed(
        sentence:
          "the rate of a simulated ramp is wrong: it scatters by \(Self.short(scatter)) sigma about another "
          + "frame of the same field, where 1.4 is right")
    }
    let level2 = ["imager_level2", rate, "-o", ".", "-q"]
    _ = try await run(tmtrun, level2, in: scratch)
    try require("ramp_cal.fits", in: scratch)
    return scatter
  }

  private func require(_ name: String, in scratch: String) throws(Failed) {
    if access("\(scratch)/\(name)", R_OK) != 0 { throw Failed(sentence: "tmtrun made no \(name)") }
  }

  /// Root mean square of the difference of the images, in errors of the first.
  private func scatter(_ first: String, _ second: String, in scratch: String) async throws(Failed) -> Double {
    let arguments = ["compare", first, second, "--format", "json"]
    let answer = try await run(tmtrun, arguments, in: scratch, accepting: [0, 4])
    let rows = (try? JSONSerialization.jsonObject(with: answer)) as? [[String: Any]] ?? []
    let image = rows.first { $0["hdu"] as? String == "SCI" && $0["what"] as? String == "image" }
    guard let scatter = image?["rms_sigma"] as? Double else {
      throw Failed(sentence: "tmtrun compare does not compare the images of \(first) and \(second)")
    }
    return scatter
  }

  private func run(
    _ program: String, _ arguments: [String], in scratch: String, accepting: Set<Int32> = [0]
  ) async throws(Failed) -> Data {
    let name = (program as NSString).lastPathComponent
    let end: ProgramEnd
    do {
      end = try await ProgramRun(
        executable: program, arguments: arguments,
        environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": scratch],
        workingDirectory: scratch, output: .captured(limit: 4 << 20), errorOutput: .captured(limit: 1 << 16),
        timeout: .seconds(120)
      ).run()
    } catch {
      throw Failed(sentence: "\(program) cannot be run: \(error)")
    }
    if case .exited(let code) = end.cause, accepting.contains(code) { return end.output }
    let talk = String(decoding: end.errorOutput, as: UTF8.self).split(separator: "\n")
    let said = talk.last { $0.hasPrefix("error:") } ?? talk.last ?? ""
    throw Failed(
      sentence: CommandFailure.oneLine("\(name) \(arguments.first ?? "") ended with \(end.cause): \(said)"))
  }

  private static func short(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}
