/**
 * Words that say nothing of what a question is about, in the languages of many homes. A search for any of the words of a
 * question would find every memory with an "is" in it, and with few memories no ranking tells that from a hit.
 */
const EMPTY = new Set(
  `a about above after again against all also always am an and another any anybody anyone anything are as at away back be
  because been before being below between both but by came can cannot come could did didn do does doesn doing don done down
  during each either else even ever every everything explain far few find first for from further get give gives go goes going
  good got had has have haven having he hello help her here hers herself hey hi him himself his how however i if in into is
  isn it its itself just keep kind know last less let like list little long look lot made make makes many may maybe me mean
  might mine more most much must my myself need never new next no nobody none nor not nothing now of off often ok okay on once
  one only or other our ours out over own part people please put quite rather really right said same say says see seem shall
  she should show since so some somebody someone something soon still such sure take tell than thank thanks that the their
  theirs them themselves then there these they thing things think this those though through thus till to together told too
  took toward two under until up upon us use used using very want wants was wasn way we well went were what whatever when
  where whether which while who whole whom whose why will with within without won word words would write yes yet you your
  yours yourself hello
  aber alle allem allen aller alles als also am an ander andere auch auf aus bei beim bin bis bist bitte da damit dann das
  dass dein deine dem den denn der des dich die dies diese dieser dieses dir doch dort du durch ein eine einem einen einer
  eines einige er erst es etwas euch euer eure für gibt hab habe haben hast hat hatte hier hin hinter ich ihm ihn ihnen ihr
  ihre im in ins ist ja jede jeder jedes jetzt kann kannst kein keine können könnte man manche mein meine meinem meinen
  meiner mich mir mit muss nach nein nicht nichts noch nun nur ob oder ohne sag schon sehr sein seine sich sie sind so
  soll sollte sondern sonst über um und uns unser unsere unter viel vom von vor wann war waren warum was weil welche welcher
  welches wem wen wenn wer werde werden wie wieder will wir wird wo woher wohin wurde zu zum zur zwar zwischen
  au aux avec ce ces cette comment dans de des du elle elles en est et il ils je la le les leur lui ma mais mes moi mon ne
  nos notre nous où par pas pour pourquoi qu quand que quel quelle qui quoi sa sans ses son sont sur ta te tes toi ton tu un
  une vos votre vous
  al como con cual cuando de del donde el ella ellos en es esta este esto hay la las lo los me mi mis muy no nos para pero
  por porque que quien se ser si sin su sus te tu tus un una usted y
  che chi ci come cosa da dei del della di dove e è gli i il io la le lo mi ne nel non per perché più quale quando questo se
  si sono su suo ti tra tu un una`.split(/\s+/)
)

/** As many as a search takes. */
const MOST_WORDS = 32

/** The words by which memories for a question are searched; none where it is about nothing that could be remembered. */
export function questionWords(question: string): string[] {
  const words = question.normalize('NFC').match(/[\p{L}\p{N}]+/gu) ?? []
  // A single letter or digit is in everything; in scripts that write without spaces it may be a word.
  const telling = words.filter((word) => !EMPTY.has(word.toLowerCase()) && !/^[\p{Script=Latin}\p{N}]$/u.test(word))
  return [...new Set(telling)].slice(0, MOST_WORDS)
}
