/**
 * Okabe and Ito's palette: eight colours that people with any kind of colour blindness can tell apart
 * (https://jfly.uni-koeln.de/color/), less black, which a dark theme swallows, with a grey in its place.
 */
export const COLORS = {
  orange: '#E69F00',
  sky: '#56B4E9',
  green: '#009E73',
  yellow: '#F0E442',
  blue: '#0072B2',
  vermillion: '#D55E00',
  purple: '#CC79A7',
  grey: '#999999',
} as const;
