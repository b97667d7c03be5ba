extension Pipeline {
  /// A step of a run in its order: one of ours, or one that only the documents know.
  enum Item {
    case step(any Step.Type)
    case unavailable(UnavailableStep)

    var name: String {
      switch self {
      case .step(let type): type.declaration.name
      case .unavailable(let step): step.name
      }
    }

    var className: String {
      switch self {
      case .step(let type): type.declaration.className
      case .unavailable(let step): step.className
      }
    }
  }

  /// Steps in the order of the documents, those that are not available in their places.
  var order: [Item] {
    var items: [Item] = []
    for step in steps {
      let name = step.declaration.name
      items += unavailable.filter { $0.before == name }.map { .unavailable($0) }
      items.append(.step(step))
    }
    return items + unavailable.filter { $0.before == nil }.map { .unavailable($0) }
  }

  /// Names of its steps in the order they run, those of the documents that this version does not hold included.
  public var orderedSteps: [(name: String, isAvailable: Bool)] {
    order.map { item in
      if case .step = item { (item.name, true) } else { (item.name, false) }
    }
  }
}
