"""Conditions of the service: keys, limits, quotas, the disk, and the titles of problems."""

MESSAGES = {
    # titles
    "Malformed request": "Requête mal formée",
    "API key needed": "Clé d’API nécessaire",
    "Not allowed": "Interdit",
    "Not found": "Introuvable",
    "Method not allowed": "Méthode non admise",
    "Not acceptable": "Format non disponible",
    "Too slow": "Trop lent",
    "Conflict": "Conflit",
    "Changed since": "Modifié entre-temps",
    "Too large": "Trop grand",
    "Unsupported media type": "Type de contenu non pris en charge",
    "Misdirected request": "Requête mal adressée",
    "Invalid request": "Requête invalide",
    "Too many requests": "Trop de requêtes",
    "Too long headers": "En-têtes trop longs",
    "Internal error": "Erreur interne",
    "Not implemented": "Non prise en charge",
    "Unavailable": "Indisponible",
    "Disk full": "Disque plein",
    "Disk error": "Erreur du disque",
    "Damaged data": "Données endommagées",
    "Database moved": "Base de données déplacée",
    "Database migrated": "Base de données migrée",
    "Error": "Erreur",
    " (1 more in `errors`)": " (1 de plus dans `errors`)",
    " ({n} more in `errors`)": " ({n} de plus dans `errors`)",
    # keys and rates
    "The request needs an API key. {hint}": "La requête a besoin d’une clé d’API. {hint}",
    "The API key is unknown, revoked or expired. {hint}": "La clé d’API est inconnue, révoquée ou expirée. {hint}",
    "Send `Authorization: Bearer descent_…`; the operator of the service makes keys by `descent keys create`.": (
        "Envoyez `Authorization: Bearer descent_…` ; l’exploitant du service crée des clés avec `descent keys create`."
    ),
    "The request needs an API key of scope {scope}; this key has {list_names}.": (
        "La requête a besoin d’une clé d’API de portée {scope} ; cette clé a {list_names}."
    ),
    "This API key has reached its limit of requests per minute. Try again in {seconds} s.": (
        "Cette clé d’API a atteint sa limite de requêtes par minute. Réessayez dans {seconds} s."
    ),
    "This address has sent too many wrong API keys. Try again in {seconds} s.": (
        "Cette adresse a envoyé trop de clés d’API fausses. Réessayez dans {seconds} s."
    ),
    "The request comes from a page of another site. To allow it, add its origin to DESCENT_CORS_ORIGINS.": (
        "La requête vient d’une page d’un autre site. Pour l’admettre, ajoutez son origine à DESCENT_CORS_ORIGINS."
    ),
    "The header Host has an unknown name. To allow it, add it to DESCENT_ALLOWED_HOSTS.": (
        "L’en-tête Host a un nom inconnu. Pour l’admettre, ajoutez-le à DESCENT_ALLOWED_HOSTS."
    ),
    "This API key has its share of the {work}. Wait for one to end, or try again in a second.": (
        "Cette clé d’API a sa part : {work}. Attendez la fin de l’un d’eux, ou réessayez dans une seconde."
    ),
    "This address has its share of the {work}. Wait for one to end, or try again in a second.": (
        "Cette adresse a sa part : {work}. Attendez la fin de l’un d’eux, ou réessayez dans une seconde."
    ),
    "The service has too many {work}. Try again in a second.": "Trop à la fois : {work}. Réessayez dans une seconde.",
    "trajectories and datasets being sent": "envois de trajectoires et de jeux de données",
    "lists being read": "lectures de listes",
    "followed runs": "descentes suivies",
    "waiting requests": "requêtes en attente",
    "running analyses": "analyses en cours",
    "large bodies being received": "réceptions de grands corps",
    "waiting bodies": "corps en attente",
    "sweeps that wait": "balayages en attente",
    "short writes that wait": "écritures courtes en attente",
    # paths, methods, bodies
    "No resource has this path. /docs lists the operations.": (
        "Aucune ressource n’a ce chemin. /docs donne la liste des opérations."
    ),
    "The path supports {list_names}.": "Le chemin admet {list_names}.",
    "No resource has this method. /docs lists the operations.": (
        "Aucune ressource n’a cette méthode. /docs liste les opérations."
    ),
    "The connection closed before the end of the body.": "La connexion s’est fermée avant la fin du corps.",
    "The body exceeds {most} bytes. Send fewer rows, or upload the data to /datasets as a file.": (
        "Le corps dépasse {most} octets. Envoyez moins de lignes, ou envoyez les données à /datasets dans un fichier."
    ),
    "Too many bodies wait. Try again in a second.": "Trop de corps attendent. Réessayez dans une seconde.",
    "Parsing the body needs too much time or memory. Upload the data as CSV.": (
        "La lecture du corps demande trop de temps ou de mémoire. Envoyez les données en CSV."
    ),
    "The process died that parsed the body. Try again.": "Le processus qui lisait le corps s’est arrêté. Réessayez.",
    "The body arrived too slowly while other requests were waiting.": (
        "Le corps est arrivé trop lentement alors que d’autres requêtes attendaient."
    ),
    "The body's Content-Type is {type}. Send it as {list_names}.": (
        "Le Content-Type du corps est {type}. Envoyez-le en {list_names}."
    ),
    "Unsupported media type.": "Type de contenu non pris en charge.",
    "Use {words_names}.": "Prenez {words_names}.",
    "The body's Content-Encoding is {coding}. Send it uncompressed.": (
        "Le Content-Encoding du corps est {coding}. Envoyez-le sans compression."
    ),
    "Unsupported coding.": "Codage non pris en charge.",
    "Leave the header out.": "Laissez l’en-tête de côté.",
    "This parameter is for CSV only.": "Ce paramètre ne vaut que pour du CSV.",
    "Leave it out; the step belongs in the body.": "Retirez-le ; le pas se met dans le corps.",
    "This parameter is for files only.": "Ce paramètre ne vaut que pour des fichiers.",
    "Remove it: the body names its columns itself.": "Supprimez-le : le corps nomme lui-même ses colonnes.",
    "Choose two marks.": "Choisissez deux signes.",
    "The decimal mark cannot separate thousands.": "Le signe décimal ne peut pas séparer les milliers.",
    "The names cannot be read: {fault}.": "Les noms ne peuvent pas être lus : {fault}.",
    'Quote like this: "a, b",c.': 'Mettez des guillemets ainsi : "a, b",c.',
    'Quote like this: "a, b",c': 'Mettez des guillemets ainsi : "a, b",c',
    # quotas
    "{most} runs are kept, the most that may be. DELETE some at /runs/{id}.": (
        "{most} descentes sont gardées, le maximum. Supprimez-en par DELETE /runs/{id}."
    ),
    "{most} runs are unfinished, the most that may be. Wait for some to finish, or cancel them.": (
        "{most} descentes ne sont pas terminées, le maximum. Attendez-en la fin, ou annulez-en."
    ),
    "{most} datasets are kept, the most that may be. DELETE some at /datasets/{id}.": (
        "{most} jeux de données sont gardés, le maximum. Supprimez-en par DELETE /datasets/{id}."
    ),
    "{used} bytes are kept or promised to unfinished runs. {size} more would exceed {most}. {advice}": (
        "{used} octets sont gardés ou promis à des descentes non terminées. {size} de plus dépasseraient {most}. "
        "{advice}"
    ),
    "The request needs up to {asked} bytes of the disk. {free} are free, and unfinished runs and the log need up to "
    "{promised}. {advice}": (
        "La requête demande jusqu’à {asked} octets du disque. {free} sont libres, et les descentes non terminées et le "
        "journal en demandent jusqu’à {promised}. {advice}"
    ),
    "Ask for fewer steps, or DELETE runs at /runs/{id}.": (
        "Demandez moins d’étapes, ou supprimez des descentes par DELETE /runs/{id}."
    ),
    "DELETE some at /datasets/{id}, or runs at /runs/{id}.": (
        "Supprimez-en par DELETE /datasets/{id}, ou des descentes par DELETE /runs/{id}."
    ),
    "Storing the rows took too long. Try again.": "Garder les lignes a pris trop de temps. Réessayez.",
    # the database and the disk
    "The service is stopping. Send the request again in some seconds.": (
        "Le service s’arrête. Envoyez de nouveau la requête dans quelques secondes."
    ),
    "The service is stopping. It may have carried out this request: look before you send it again, or repeat it with "
    "the same Idempotency-Key.": (
        "Le service s’arrête. Il a peut-être exécuté cette requête : vérifiez avant de l’envoyer de nouveau, ou "
        "répétez-la avec la même Idempotency-Key."
    ),
    "The database is busy. Try again in a second.": "La base de données est occupée. Réessayez dans une seconde.",
    "The disk is full; nothing was stored. Free some space and try again; the service needs no restart.": (
        "Le disque est plein ; rien n’a été gardé. Libérez de la place et réessayez, sans redémarrer le service."
    ),
    "The database file was removed or replaced under the service; nothing was stored. Restart the service.": (
        "Le fichier de la base a été supprimé ou remplacé sous le service ; rien n’a été gardé. Redémarrez le service."
    ),
    "A newer program has migrated the database; nothing was stored. Start the service with the newer program.": (
        "Un programme plus récent a migré la base ; rien n’a été gardé. Démarrez le service avec ce programme."
    ),
    "Reading or writing the disk failed; nothing was stored. The log of the service has the error. Repair the disk and "
    "try again; the service needs no restart.": (
        "La lecture ou l’écriture du disque a échoué ; rien n’a été gardé. Le journal du service donne l’erreur. "
        "Réparez le disque et réessayez, sans redémarrer le service."
    ),
    "The database file is damaged. `descent check` reports the damage and the repair.": (
        "Le fichier de la base est endommagé. `descent check` dit où, et comment le réparer."
    ),
    "The database failed; the log of the service has the cause. The request had no effect.": (
        "La base de données a échoué ; le journal du service donne la cause. La requête n’a eu aucun effet."
    ),
    "Internal error; the log of the service has the details. The request had no effect.": (
        "Erreur interne ; le journal du service donne les détails. La requête n’a eu aucun effet."
    ),
    "{fault} `descent check` reports all damage and the repair.": (
        "{fault} `descent check` dit tous les dommages et comment les réparer."
    ),
    "The row of this {kind} is damaged. `descent check` says where; DELETE removes the {kind}.": (
        "La ligne de cet objet ({kind}) est endommagée. `descent check` dit où ; DELETE le supprime."
    ),
    "A counter of row numbers was damaged. It is corrected; try again.": (
        "Un compteur de numéros de lignes était endommagé. Il est corrigé ; réessayez."
    ),
    "A row of the database is damaged: its checksum is wrong.": (
        "Une ligne de la base est endommagée : sa somme de contrôle est fausse."
    ),
    "A row of the database is damaged: a value cannot be read.": (
        "Une ligne de la base est endommagée : une valeur ne peut pas être lue."
    ),
    "A row of the database is damaged: {fault}.": "Une ligne de la base est endommagée : {fault}.",
    "Dataset {id} is damaged. Delete the runs that use it, and the dataset.": (
        "Le jeu de données {id} est endommagé. Supprimez les descentes qui l’utilisent, et le jeu de données."
    ),
    "Dataset {id} is damaged at row {row}: its checksum or its place is wrong.": (
        "Le jeu de données {id} est endommagé à la ligne {row} : sa somme de contrôle ou sa place est fausse."
    ),
    "Dataset {id} is damaged: it has no row {row}.": "Le jeu de données {id} est endommagé : la ligne {row} manque.",
    "The trajectory is damaged at step {step}: a checksum or a length is wrong.": (
        "La trajectoire est endommagée à l’étape {step} : une somme de contrôle ou une longueur est fausse."
    ),
    "The trajectory has no step {step}.": "La trajectoire n’a pas d’étape {step}.",
    "The checkpoint of the run is damaged. Submit the run again, which gives the same numbers.": (
        "Le point de reprise de la descente est endommagé. Relancez la descente, qui donnera les mêmes nombres."
    ),
    # computations that could not end
    "The computation takes more than {seconds} seconds. Ask for less: a lower resolution, fewer rows.": (
        "Le calcul prend plus de {seconds} secondes. Demandez moins : une résolution plus basse, moins de lignes."
    ),
    "The service is busy: there was no answer within {seconds} seconds. Try again in a second.": (
        "Le service est occupé : pas de réponse en {seconds} secondes. Réessayez dans une seconde."
    ),
    "The computation needs more memory than a worker may use. Ask for less: a lower resolution, fewer rows.": (
        "Le calcul demande plus de mémoire qu’un processus n’en a. Demandez moins : une résolution plus basse, moins "
        "de lignes."
    ),
    "The numbers of this run have no such answer; the log of the service has the details.": (
        "Les nombres de cette descente n’ont pas de telle réponse ; le journal du service donne les détails."
    ),
    "The process died during the computation, possibly for lack of memory; see the log of the service.": (
        "Le processus s’est arrêté pendant le calcul, peut-être faute de mémoire ; voyez le journal du service."
    ),
    # errors of runs
    "The run's worker died {n} times, so the run was given up. Perhaps it needs more memory than a worker has; the "
    "service's log says more.": (
        "Le processus de calcul de la descente s’est arrêté {n} fois : elle est abandonnée. Peut-être demande-t-elle "
        "plus de mémoire qu’il n’en a ; le journal du service en dit plus."
    ),
    "The disk is full, so a step could not be stored. Free some space; the steps are kept.": (
        "Le disque est plein : une étape n’a pas pu être gardée. Libérez de la place ; les étapes sont conservées."
    ),
    "The disk could not be written or read; the service's log says more.": (
        "Le disque n’a pas pu être lu ou écrit ; le journal du service en dit plus."
    ),
    "The database file was removed or replaced; the service's log says more.": (
        "Le fichier de la base a été supprimé ou remplacé ; le journal du service en dit plus."
    ),
    "The database is damaged. `descent check` says where.": "La base est endommagée. `descent check` dit où.",
    "The service made a mistake; it is in its log.": "Le service a fait une erreur ; elle est dans son journal.",
    "The run needs more memory than its worker may have. Use fewer rows, features or parameters.": (
        "La descente demande plus de mémoire que son processus n’en a. Prenez moins de lignes, de variables ou de "
        "paramètres."
    ),
    "The deadline passed before the first step was stored.": "Le temps accordé était écoulé avant la première étape.",
    "The run has computed for {seconds} seconds, the most that a run may. Ask for less.": (
        "La descente a calculé pendant {seconds} secondes, le maximum. Demandez moins."
    ),
    "No worker process is alive ({reason}), so runs wait.": (
        "Aucun processus de calcul n’est en vie ({reason}) : les descentes attendent."
    ),
    'The learning rate "auto" follows from E and its derivatives at θ₀, which are not finite numbers there. Give '
    "another "
    "theta0, set standardize to true, or give the learning rate as a number.": (
        "Le taux d’apprentissage « auto » découle de E et de ses dérivées en θ₀, qui n’y sont pas des nombres finis. "
        "Donnez un autre theta0, mettez standardize à true, ou donnez le taux en nombre."
    ),
    'The learning rate "auto" follows from E and its derivatives at θ₀, which are not finite numbers there. Give '
    "another theta0, or give the learning rate as a number.": (
        "Le taux d’apprentissage « auto » découle de E et de ses dérivées en θ₀, qui n’y sont pas des nombres finis. "
        "Donnez un autre theta0, ou donnez le taux en nombre."
    ),
    'The learning rate "auto" follows from E and its derivatives at θ₀, which are not finite numbers there. Give '
    "another theta0, or set standardize to true.": (
        "Le taux d’apprentissage « auto » découle de E et de ses dérivées en θ₀, qui n’y sont pas des nombres finis. "
        "Donnez un autre theta0, ou mettez standardize à true."
    ),
    'The learning rate "auto" follows from E and its derivatives at θ₀, which are not finite numbers there. Give '
    "another theta0.": (
        "Le taux d’apprentissage « auto » découle de E et de ses dérivées en θ₀, qui n’y sont pas des nombres finis. "
        "Donnez un autre theta0."
    ),
    'The learning rate "auto" was not found: the gradient of E at θ₀ is 0 or leads nowhere, so E does not fall from '
    "there. "
    "Give another theta0.": (
        "Le taux d’apprentissage « auto » n’a pas été trouvé : le gradient de E en θ₀ est nul ou ne mène nulle part, "
        "et E n’y diminue pas. Donnez un autre theta0."
    ),
    'The learning rate "auto" was not found: E falls without end along its gradient at θ₀. Give the learning rate as a '
    "number.": (
        "Le taux d’apprentissage « auto » n’a pas été trouvé : E diminue sans fin le long de son gradient en θ₀. "
        "Donnez le taux en nombre."
    ),
    "{fault}. Give another theta0, leave the row out, or write the formula so that it has a value there.": (
        "{fault}. Donnez un autre theta0, écartez la ligne, ou écrivez la formule de sorte qu’elle y ait une valeur."
    ),
}
