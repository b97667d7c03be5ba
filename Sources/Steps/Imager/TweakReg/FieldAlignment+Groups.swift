import Astrometry
import Foundation
import PipelineEngine

/// Frames that no stars connect with the first one: those of other detectors, mostly.
extension FieldAlignment {
  /// Moves the frames of each group that stars connect among themselves only: as one of them is known to move, by a frame
  /// of another detector that was exposed at the same time or by cross-correlation; else the group's first frame stays.
  mutating func placeGroups(
    _ found: [AlignedFrame], _ frames: [Frame], _ stars: FrameStars
  ) throws {
    // Groups are tied to what leads to the reference itself, not to each other.
    var all = moves
    tied = Set(moves.indices.filter { moves[$0] != nil })
    var anchored = tied
    for group in Set(found.compactMap(\.group)).subtracting([0]).sorted() {
      let members = found.indices.filter { found[$0].group == group && placed[$0] != nil }
      let anchor = try anchor(of: members, found, frames, stars)
      for i in members {
        guard let map = found[i].map else { continue }
        all[i] = Move(
          map: map.then(anchor?.map ?? .identity), stars: found[i].stars, rms: found[i].rms, way: "sources")
      }
      if anchor != nil { anchored.formUnion(members) }
      tell(members, anchor?.sentence, isOfReference: members.contains { isOfReference(frames[$0], frames) })
    }
    (moves, tied) = (all, anchored)
  }

  /// The map that takes a whole group to where one of its frames belongs, and how that is known.
  private func anchor(
    of members: [Int], _ found: [AlignedFrame], _ frames: [Frame], _ stars: FrameStars
  ) throws -> (map: PlaneTransform, sentence: String)? {
    func map(_ i: Int, to move: Move) -> PlaneTransform? { found[i].map?.inverse?.then(move.map) }
    for i in members {
      guard let k = simultaneous(with: i, frames), let move = moves[k], let map = map(i, to: move) else {
        continue
      }
      return (map, "\(names[i]) moves as \(names[k]), which was exposed at the same time")
    }
    guard context.parameters.boolean("xcorr") else { return nil }
    for i in members {
      guard let move = try correlated(frames, i, stars), let map = map(i, to: move) else { continue }
      return (map, "\(names[i]) was found on \(names[reference]) by cross-correlation")
    }
    return nil
  }

  private func isOfReference(_ frame: Frame, _ frames: [Frame]) -> Bool {
    frame.metadata.detector == frames[reference].metadata.detector
  }

  /// Detectors see other parts of the sky: that their stars do not meet is no fault. Of one detector, or of a catalog,
  /// it is.
  private func tell(_ members: [Int], _ anchor: String?, isOfReference: Bool) {
    let isCatalog = context.parameters.string("catalog") != nil
    let list = members.map { names[$0] }.joined(separator: ", ")
    let what = isCatalog ? "the catalog" : names[reference]
    let sentence = "no stars connect \(list) with \(what): aligned among themselves"
    if let anchor {
      context.note("\(sentence); \(anchor)")
    } else if isOfReference || isCatalog {
      context.degrade("\(sentence), \(names[members[0]]) keeps its coordinates")
    } else {
      context.note("\(sentence), \(names[members[0]]) keeps its coordinates")
    }
  }

  /// Frames without matches move as the frame of another detector that was exposed at the same time. Where
  /// that one leads nowhere itself the same is said of them as of a group that nothing ties.
  mutating func followSimultaneous(_ frames: [Frame]) {
    for i in frames.indices where moves[i] == nil && placed[i] != nil {
      guard let k = simultaneous(with: i, frames), let move = moves[k] else { continue }
      moves[i] = Move(map: move.map, way: "partner")
      let sentence =
        "\(names[i]) has too few stars: it moves as \(names[k]), which was exposed at the same time"
      if tied.contains(k) {
        tied.insert(i)
        context.note(sentence)
      } else if isOfReference(frames[i], frames) || context.parameters.string("catalog") != nil {
        context.degrade("\(sentence) and is not tied to the others either")
      } else {
        context.note("\(sentence) and is not tied to the others either")
      }
    }
  }

  /// The aligned frame of another detector whose exposure shares more than half of its time with this one's,
  /// rather one that is tied to the reference; nil where there is none, or, of one detector, more than one:
  /// then headers do not tell exposures apart.
  private func simultaneous(with i: Int, _ frames: [Frame]) -> Int? {
    guard let detector = frames[i].metadata.detector else { return nil }
    let together = frames.indices.filter { k in
      guard let other = frames[k].metadata.detector, other != detector, moves[k] != nil else { return false }
      return Self.share(frames[k].interval, frames[i].interval) > 0.5
    }
    let single = together.filter { k in
      together.count { frames[$0].metadata.detector == frames[k].metadata.detector } == 1
    }
    return single.first { tied.contains($0) && isOfReference(frames[$0], frames) }
      ?? single.first { tied.contains($0) } ?? single.first
  }

  /// The time that two exposures share over the shorter one.
  private static func share(_ a: DateInterval?, _ b: DateInterval?) -> Double {
    guard let a, let b, let common = a.intersection(with: b) else { return 0 }
    let shorter = min(a.duration, b.duration)
    return shorter > 0 ? common.duration / shorter : 0
  }
}

extension Frame {
  /// From begin to end of the exposure, where the header tells both.
  fileprivate var interval: DateInterval? {
    guard let begin = metadata.dateBegin, let end = metadata.dateEnd, end > begin else { return nil }
    return DateInterval(start: begin, end: end)
  }
}
