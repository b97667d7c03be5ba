import Archive
import Testing

@Suite struct WatchMachineTests {
  let machine = WatchMachine(root: "/in")

  @Test func aClosedFileIsTold() {
    #expect(
      machine.actions(for: .init(kind: .closedAfterWriting, path: "/in/a.fits", isFolder: false))
        == [.tell(path: "/in/a.fits")])
  }

  @Test func aNewFolderIsWatchedBeforeItIsLookedInto() {
    for kind in [WatchEvent.Kind.created, .movedIn] {
      #expect(
        machine.actions(for: .init(kind: kind, path: "/in/d", isFolder: true)).first
          == .watchThenScan("/in/d"))
    }
  }

  @Test func anOverflowLooksAtEverythingAgain() {
    let actions = machine.actions(for: .init(kind: .overflow, path: "/in", isFolder: true))
    #expect(actions.first == .watchThenScan("/in"))
    #expect(
      actions.contains { action in
        if case .rescan = action { return true }
        return false
      })
  }

  @Test func creationOfAFileIsLookedAtOnlyForWhatItIs() {
    #expect(
      machine.actions(for: .init(kind: .created, path: "/in/a.fits", isFolder: false))
        == [.tellUnlessRegular(path: "/in/a.fits")])
  }

  @Test func onlyTheRootItselfCanBeLost() {
    #expect(machine.actions(for: .init(kind: .removed, path: "/in", isFolder: true)) == [.rootLost])
    #expect(machine.actions(for: .init(kind: .removed, path: "/in/d", isFolder: true)).isEmpty)
    #expect(machine.actions(for: .init(kind: .unmounted, path: "/in", isFolder: true)) == [.rootLost])
  }
}
