import FITSStructure
import JobContract
import Logging
import Pixels

/// Compares a new master with the one in use. It judges nothing: whoever offers the master to the rules does.
struct MasterCheck {
  /// Off by more than this many combined errors counts as off.
  static let sigmas: Float = 6

  let type: String
  let previous: ResolvedReference
  let notes: RunNotes
  let log: Logger

  /// Adds the numbers to the workpiece's quality and to the master's header. A master that cannot be compared is still
  /// a master: then a note says why.
  /// - Returns: what it was compared with; nil when it could not be.
  func run(_ work: inout Workpiece) -> FileIdentity? {
    guard let path = previous.path else { return nil }
    let name = fileName(of: path)
    do {
      guard let frame = work.frames.first else { return nil }
      let reference = try ReferenceFrame(type: type, path: path, window: frame.window, unit: frame.unit) {
        notes.note($0)
      }
      let numbers = try Self.numbers(of: frame, over: reference)
      work.quality.merge(numbers) { $1 }
      work.frames[0].header.set(
        "PREVMSTR", .string(name), comment: "master in use when this one was made")
      for (keyword, key, comment) in Self.cards {
        guard let value = numbers[key], value.isFinite else { continue }
        work.frames[0].header.set(keyword, .real(value), comment: comment)
      }
      log.info("Compared with \(name): \(Self.sentence(numbers))")
      return FileIdentity(
        role: "previous", name: name, path: path, sha256: try previous.sha256 ?? ContentHash.ofFile(path))
    } catch {
      let sentence = "the master was not compared with \(name): \(ReportedError(error).message)"
      log.warning("\(sentence)")
      notes.note(sentence)
      return nil
    }
  }

  private static let cards = [
    ("PREVFOFF", "compared_fraction_off", "fraction of pixels off by > 6 sigma from it"),
    ("PREVLEVL", "compared_level_ratio", "level over its level"),
    ("PREVNOIS", "compared_noise_ratio", "noise of a frame over its noise of a frame"),
  ]

  private static func sentence(_ numbers: [String: Double]) -> String {
    cards.compactMap { card in numbers[card.1].map { "\(card.1) = \($0)" } }.joined(separator: ", ")
  }

  private static func numbers(of frame: Frame, over reference: ReferenceFrame) throws -> [String: Double] {
    let pixels = try frame.pixels()
    guard reference.type != "mask" else {
      return ["compared_fraction_off": differingFraction(pixels.quality, reference.pixels.quality)]
    }
    let found = MasterComparison(pixels, previous: reference.pixels, sigmas: sigmas)
    guard found.compared > 0 else {
      throw EngineError("nothing-compared", "no pixel is good in both", subject: reference.name)
    }
    return [
      "compared_fraction_off": found.fractionOff, "compared_level": found.previousLevel,
      "compared_level_ratio": found.level / found.previousLevel,
      "compared_level_difference": found.levelDifference,
      "compared_level_error": found.levelDifferenceError,
      "compared_noise_ratio": found.noise / found.previousNoise * frames(frame, reference),
    ].filter { $0.value.isFinite }
  }

  /// The error of a mean falls with the root of the number of frames, which is no matter of quality.
  private static func frames(_ frame: Frame, _ reference: ReferenceFrame) -> Double {
    let counts = [frame.header, reference.header].map {
      $0.string("S_COMBIN") == "COMPLETE" ? $0.integer("NFRAMES") ?? 0 : 0
    }
    guard let new = counts.first, let old = counts.last, new > 0, old > 0 else { return 1 }
    return (Double(new) / Double(old)).squareRoot()
  }

  /// Of a mask: pixels that one of the two excludes and the other does not.
  private static func differingFraction(_ a: Plane<UInt32>, _ b: Plane<UInt32>) -> Double {
    let differing = a.withUnsafeBuffer { a in
      b.withUnsafeBuffer { b in
        a.indices.reduce(0) { $0 + Int((a[$1] ^ b[$1]) & DQ.doNotUse) }
      }
    }
    return a.count == 0 ? 0 : Double(differing) / Double(a.count)
  }
}
