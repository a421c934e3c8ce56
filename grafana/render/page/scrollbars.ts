/** Grafana's scroll bars import this as a default: as an ES module, whose default is the component. */
export { Scrollbars as default } from '../node_modules/react-custom-scrollbars-2';
