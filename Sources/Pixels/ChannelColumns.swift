/// Which columns of a window belong to the same amplifier and, where they are told apart, to the same parity: a *set*.
///
/// Channels and parities are those of the detector, so a subarray has the sets of its place.
struct ChannelColumns: Sendable {
  /// Columns of the window.
  let width: Int
  /// Number of sets: channels that the window touches, times one or two.
  let sets: Int
  private let x0: Int
  private let channelWidth: Int
  private let parities: Int

  init(window: PixelWindow, channelWidth: Int, separatesParity: Bool) {
    width = window.width
    x0 = window.x0
    self.channelWidth = channelWidth
    parities = separatesParity ? 2 : 1
    let channels = (x0 + max(width, 1) - 1) / channelWidth - x0 / channelWidth + 1
    sets = channels * parities
  }

  /// The set of a column of the window.
  func set(of x: Int) -> Int {
    let column = x0 + x
    let channel = column / channelWidth - x0 / channelWidth
    return channel * parities + (parities == 2 ? column % 2 : 0)
  }

  /// Levels by (image, set) with a missing parity taken from the other one of its channel.
  func fillingParity(_ levels: [Float]) -> [Float] {
    guard parities == 2 else { return levels }
    return levels.indices.map { levels[$0].isNaN ? levels[$0 ^ 1] : levels[$0] }
  }

  /// Levels by (image, set) spread over the columns: by (image, column), 0 where unknown.
  func spread(_ levels: [Float]) -> [Float] {
    let order = (0..<width).map(set(of:))
    return (0..<levels.count / sets).flatMap { image in
      order.map { set in
        let level = levels[image * sets + set]
        return level.isNaN ? 0 : level
      }
    }
  }

  /// In how many images some set has no level while another has one.
  func unmeasured(_ levels: [Float]) -> Int {
    (0..<levels.count / sets).count { image in
      let own = levels[image * sets..<(image + 1) * sets]
      return own.contains { $0.isNaN } && own.contains { !$0.isNaN }
    }
  }
}
