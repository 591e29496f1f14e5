/** Stands in for anywidget on a page without a kernel: a model that keeps its state, changes nothing elsewhere and says so. */

/** @param {Object} state the widget's traits, as JSON */
export function staticModel(state) {
  const values = { ...state, _static: true };
  const handlers = new Map();
  const of = (type) => handlers.get(type) || handlers.set(type, new Set()).get(type);
  return {
    get: (name) => values[name],
    set: (name, value) => {
      if (values[name] === value) return;
      values[name] = value;
      of(`change:${name}`).forEach((handler) => handler());
    },
    save_changes: () => {},
    send: () => {
      throw new Error("there is no kernel behind this page");
    },
    on: (type, handler) => of(type).add(handler),
    off: (type, handler) => of(type).delete(handler),
  };
}

/** Put a widget where its place holder stands, with its state as JSON. */
export function mountStatic(id, state, makeWidget) {
  const place = document.getElementById(id);
  place.replaceChildren();
  makeWidget().render({ model: staticModel(state), el: place });
}

export default { mountStatic };
