import Archive
import ArgumentParser
import Foundation
import Logging

/// `irisarchive night`
struct NightCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "night", abstract: "Nights: close what waits.", subcommands: [NightClose.self],
    defaultSubcommand: NightClose.self)
}

/// `irisarchive night close`
struct NightClose: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close",
    abstract: "Close every association that waits for frames of a night, and the night.",
    discussion: """
      A night is named by the UT date of its local midnight. It closes by itself when its turnover and the longest \
      wait have passed. Frames that come later are still taken in, and open their associations again.
      """)

  @OptionGroup var root: RootOptions
  @Argument(help: "yyyy-mm-dd; the oldest night that is still open when left out.")
  var date: String?

  func run() throws {
    let control = try root.associationControl()
    let (night, closed, isNew) = try control.closeNight(date)
    Answer.write("\(night)\tclosed\n")
    for name in closed { Answer.write("\(name)\tclosed\n") }
    if !isNew { Talk.line("it was closed before; \(closed.count) associations were open again") }
  }
}
