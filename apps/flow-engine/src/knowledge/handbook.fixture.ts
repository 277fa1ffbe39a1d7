/** A small handbook of an invented home hub: twelve pages for the specs. */
export const handbook: readonly { title: string; mediaType: string; text: string }[] = [
  {
    title: 'Installation',
    mediaType: 'text/markdown',
    text: '# Installation\n\nPlace the hub at least one metre away from the router. Plug in the power adapter and wait until the ring glows white.\n\n## Mounting on a wall\n\nUse the two screws from the box. The holes are 60 mm apart.',
  },
  {
    title: 'Wireless network',
    mediaType: 'text/markdown',
    text: '# Wireless network\n\nThe hub joins networks on 2.4 GHz only, because walls dampen higher bands.\n\n## Joining a network\n\nOpen the app, choose Network, and scan the code under the hub.\n\n## Leaving a network\n\nChoose Network, then Forget. The hub keeps its scenes.',
  },
  {
    title: 'Passwords',
    mediaType: 'text/html',
    text: '<nav>Home | Shop</nav><main><h1>Passwords</h1><p>Each person of the household has a password of their own.</p><h2>Forgotten password</h2><p>Choose <b>Forgotten</b> on the sign-in page. A link arrives by e-mail and is valid for 30 minutes.</p></main><footer>Imprint</footer>',
  },
  {
    title: 'Firmware',
    mediaType: 'text/markdown',
    text: '# Firmware\n\nThe hub looks for new firmware each night at three o’clock. While it installs, the ring blinks blue.\n\n## Going back\n\nTo undo a firmware update, hold the rear button for ten seconds. The hub then starts with the previous firmware.',
  },
  {
    title: 'Scenes',
    mediaType: 'text/markdown',
    text: '# Scenes\n\nA scene sets several lamps at once. Create a scene with the plus sign, name it and choose the lamps.\n\n## Deleting a scene\n\nSwipe the scene to the left. Schedules that used it stop working.',
  },
  {
    title: 'Schedules',
    mediaType: 'text/markdown',
    text: '# Schedules\n\nA schedule starts a scene at a given time or at sunset. The hub computes sunset from its postal code, so set it first.',
  },
  {
    title: 'Sensors',
    mediaType: 'text/html',
    text: '<main><h1>Sensors</h1><dl><dt>Motion sensor</dt><dd>Reports movement within seven metres. Its battery lasts two years.</dd><dt>Water sensor</dt><dd>Raises an alarm when its feet touch water.</dd></dl></main>',
  },
  {
    title: 'Limits',
    mediaType: 'text/html',
    text: '<main><h1>Limits</h1><table><tr><th>Item</th><th>Most</th></tr><tr><td>lamps per hub</td><td>64</td></tr><tr><td>scenes</td><td>120</td></tr><tr><td>people</td><td>16</td></tr></table></main>',
  },
  {
    title: 'Backup',
    mediaType: 'text/markdown',
    text: '# Backup\n\nThe hub stores a backup of scenes and schedules in your account every Sunday. Restore it under Settings, Backup, Restore.',
  },
  {
    title: 'Light codes',
    mediaType: 'text/markdown',
    text: '# Light codes\n\n| Ring | Meaning |\n|---|---|\n| white | ready |\n| red | no connection to the internet |\n| yellow | the hub is too hot: move it away from the heater |',
  },
  {
    title: 'Tokens for developers',
    mediaType: 'text/markdown',
    text: '# Tokens for developers\n\nCreate a token under Settings, Developer. Send it in the header `hub_token`. A token expires after 90 days.',
  },
  {
    title: 'Cleaning',
    mediaType: 'text/plain',
    text: 'Wipe the hub with a dry cloth. Water and alcohol dull its surface.\n\nPull the plug before you clean it.',
  },
];
