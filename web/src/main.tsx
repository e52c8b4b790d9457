/* The beginning of the page. */

import { render } from 'preact'
import './styles/base.css'
import './styles/auth.css'
import './styles/workspace.css'
import './styles/messages.css'
import './styles/dialog.css'
import { App } from './ui/app'
import { followPreferences } from './ui/preferences'
import { listenToHistory } from './ui/router'

followPreferences()
listenToHistory()
render(<App />, document.getElementById('app')!)
