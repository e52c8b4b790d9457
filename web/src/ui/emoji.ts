/* Emoji by the names that people type between colons. A small table of the usual ones. */

const TABLE = `
smile 😄|grin 😁|joy 😂|rofl 🤣|slight_smile 🙂|upside_down 🙃|wink 😉|blush 😊|heart_eyes 😍
kissing_heart 😘|yum 😋|stuck_out_tongue 😛|thinking 🤔|neutral 😐|expressionless 😑|smirk 😏
unamused 😒|rolling_eyes 🙄|grimacing 😬|relieved 😌|pensive 😔|sleeping 😴|mask 😷|sunglasses 😎
nerd 🤓|confused 😕|worried 😟|frown 🙁|open_mouth 😮|flushed 😳|cry 😢|sob 😭|scream 😱
disappointed 😞|sweat 😓|sweat_smile 😅|angry 😠|rage 😡|exploding_head 🤯|partying 🥳|pleading 🥺
shrug 🤷|facepalm 🤦|wave 👋|raised_hand ✋|ok_hand 👌|crossed_fingers 🤞|point_left 👈|point_right 👉
point_up 👆|point_down 👇|thumbsup 👍|+1 👍|thumbsdown 👎|-1 👎|clap 👏|raised_hands 🙌|pray 🙏
muscle 💪|handshake 🤝|eyes 👀|brain 🧠|heart ❤️|broken_heart 💔|sparkles ✨|star ⭐|fire 🔥|boom 💥
100 💯|tada 🎉|confetti 🎊|gift 🎁|trophy 🏆|medal 🏅|rocket 🚀|bulb 💡|zap ⚡|sun ☀️|cloud ☁️
rain 🌧️|snow ❄️|rainbow 🌈|earth 🌍|moon 🌙|cat 🐱|dog 🐶|bug 🐛|turtle 🐢|penguin 🐧|whale 🐳|unicorn 🦄
coffee ☕|tea 🍵|beer 🍺|cake 🍰|pizza 🍕|apple 🍎|cookie 🍪|bread 🍞|sushi 🍣|onigiri 🍙
check ✅|x ❌|warning ⚠️|no_entry ⛔|question ❓|exclamation ❗|plus ➕|minus ➖|recycle ♻️|lock 🔒
unlock 🔓|key 🔑|bell 🔔|no_bell 🔕|memo 📝|book 📖|calendar 📅|chart 📈|pin 📌|link 🔗|mag 🔍
wrench 🔧|hammer 🔨|gear ⚙️|package 📦|computer 💻|phone 📱|email 📧|hourglass ⏳|clock 🕐|alarm ⏰
house 🏠|office 🏢|car 🚗|bike 🚲|train 🚆|plane ✈️|ship 🚢|green_circle 🟢|yellow_circle 🟡|red_circle 🔴
`

export interface Emoji {
    name: string
    char: string
}

export const EMOJI: readonly Emoji[] = TABLE.trim()
    .split(/[|\n]/)
    .map((pair) => {
        const [name, char] = pair.split(' ')
        return { name: name!, char: char! }
    })
